namespace Arm64Vm.Cpu;

/// <summary>The scheduler of vCPUs: hears that a vCPU which may be parked has something to do.</summary>
/// <remarks>
/// No wake-up is lost when both sides keep this order. Who asks for something: (1) stores the request, (2) sets a bit of the poll word
/// by an interlocked operation, (3) calls <see cref="Wake"/>. Who parks a vCPU after it returned with a wait: (1) notes it as parked by an
/// interlocked operation, (2) looks at <see cref="Vcpu.HasWork"/>, (3) leaves it. Either (2) sees the bit or (3) sees the note. To
/// run a vCPU that has nothing to do is allowed: it looks again at what it waits for.
/// </remarks>
internal interface IVcpuWaker
{
    /// <summary>Called after a request was made by another thread than the one that runs the vCPU, running or not. Any thread; must not block.</summary>
    void Wake(int index);
}
