using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>The stacks of predicted returns of one vCPU: one for code in each half of the address space, so that programs keep theirs while the kernel runs.</summary>
/// <remarks>
/// A pair on a stack (guest address, host address) holds under the name of the context that pushed it, while that context's code stays mapped and
/// translated where it was. So each stack belongs to one name; it is empty for any other, and both are emptied when code or its mappings change.
/// SAFETY: emitted code moves only the pointer of the stack in use, between its limit and its base; the owner's thread does the rest, outside of emitted code.
/// </remarks>
internal sealed unsafe class ReturnStacks : IDisposable
{
    /// <summary>Bytes of one stack; its lower half stays free for signal frames.</summary>
    private const int StackBytes = 256 * 1024;
    private const int PageSize = 4096;

    /// <summary>From a stack's base to the end of its memory: what a return finds below the last pair.</summary>
    private const int BaseBytes = 64;

    private readonly NativeMemoryRegion[] _stacks = [new(StackBytes), new(StackBytes)];

    /// <summary>The name that the pairs of a stack hold under, or <see cref="FetchTlb.NoContext"/>: the stack counts as empty.</summary>
    private readonly ulong[] _names = new ulong[2];

    /// <summary>Top of the stack that is not in use.</summary>
    private ulong _otherTop;
    private int _inUse;

    /// <summary>Writes what a return finds below the last pair, and makes one stack the context's, empty.</summary>
    /// <param name="context">Of the vCPU.</param>
    /// <param name="miss">Host address for returns that nothing predicted.</param>
    public void Prepare(GuestContext* context, long miss)
    {
        for (int half = 0; half < _stacks.Length; half++)
        {
            // A guest may return to that odd address too: it then leaves for the run loop.
            ulong* bottom = (ulong*)BaseOf(half);
            bottom[0] = (ulong)miss;
            bottom[1] = 1;
        }

        _inUse = 0;
        Empty(context);
    }

    /// <summary>Forgets all predictions.</summary>
    public void Empty(GuestContext* context)
    {
        Array.Fill(_names, FetchTlb.NoContext);
        _otherTop = BaseOf(_inUse ^ 1);
        Use(context, _inUse, BaseOf(_inUse));
    }

    /// <summary>The context has another name from now on: its half's stack is in use, with the pairs that were pushed under that name.</summary>
    /// <param name="context">Of the vCPU, with its old name.</param>
    /// <param name="pc">Where it goes on.</param>
    /// <param name="name">Its new name.</param>
    public void Switch(GuestContext* context, ulong pc, ulong name)
    {
        int half = (int)(pc >> 63);
        ulong top = HostContext.Of(context)->ReturnStack;
        _names[_inUse] = context->ContextTag;
        if (half != _inUse)
            (top, _otherTop) = (_otherTop, top);
        Use(context, half, _names[half] == name ? top : BaseOf(half));
        _names[half] = name;
    }

    /// <summary>Forgets all predictions and gives their memory back to the host, but for the page with the base; returns bytes that were present.</summary>
    public long GiveBack(GuestContext* context)
    {
        Empty(context);
        long freed = 0;
        foreach (NativeMemoryRegion stack in _stacks)
            freed += stack.GiveBack(StackBytes - PageSize);
        return freed;
    }

    public void Dispose()
    {
        foreach (NativeMemoryRegion stack in _stacks)
            stack.Dispose();
    }

    private ulong BaseOf(int half) => (ulong)(_stacks[half].Address + StackBytes - BaseBytes);

    private void Use(GuestContext* context, int half, ulong top)
    {
        HostContext* host = HostContext.Of(context);
        _inUse = half;
        host->ReturnStackBase = BaseOf(half);
        host->ReturnStackLimit = (ulong)(_stacks[half].Address + (StackBytes / 2));
        host->ReturnStack = top;
    }
}
