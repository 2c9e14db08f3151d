namespace Arm64Vm.Backend.X64.Emit;

// Control state and time.
internal sealed unsafe partial class X64Emitter
{
    public void Ldmxcsr(Mem m) => _cur = OpX(Begin(), 4, Map0F | 0xAE, 2, m, 0, 0);

    public void Stmxcsr(Mem m) => _cur = OpX(Begin(), 4, Map0F | 0xAE, 3, m, 0, 0);

    /// <summary>edx:eax = time-stamp counter. Not ordered against earlier loads.</summary>
    public void Rdtsc() => Two(0x0F, 0x31);

    /// <summary>edx:eax = extended control register ecx.</summary>
    public void Xgetbv()
    {
        byte* p = Begin();
        *(int*)p = 0xD0010F;
        _cur = p + 3;
    }

    public void Prefetcht0(Mem m) => _cur = OpX(Begin(), 4, Map0F | 0x18, 1, m, 0, 0);

    public void Prefetchw(Mem m) => _cur = OpX(Begin(), 4, Map0F | 0x0D, 1, m, 0, 0);
}
