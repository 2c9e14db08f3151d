using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.X64.Emit;

/// <summary>
/// Writes x86-64 instructions through a bounded cursor. One per compiler, reused for every block; it allocates only while its label tables grow.
/// Sizes are operand sizes in bytes. Code is written through the writable view at <c>rw</c> and runs from the executable view at <c>rx</c>.
/// </summary>
/// <remarks>
/// Running out of room is not an exception: <see cref="Overflowed"/> becomes true, every later instruction is written over the last
/// <see cref="Slack"/> bytes of the buffer, and what the buffer holds is worthless. The caller looks at the flag once per block.
/// Not thread-safe.
/// </remarks>
internal sealed unsafe partial class X64Emitter
{
    /// <summary>Bytes kept free for one instruction: 15 for the longest, rounded up because partial stores may overshoot its end.</summary>
    public const int Slack = 32;

    // SAFETY: _rw.._rw+capacity is owned by the caller of Reset until the next Reset; every instruction starts at or below _limit,
    // which is Slack bytes before the end, and writes less than Slack bytes.
    private byte* _cur;
    private byte* _limit;
    private byte* _rw;
    private byte* _rx;
    private bool _overflowed;

    /// <summary>True once an instruction did not fit. Cleared by Reset.</summary>
    public bool Overflowed => _overflowed;

    /// <summary>What the block refers to outside itself.</summary>
    public CodeReferences References { get; } = new();

    /// <summary>Offset in bytes of the next instruction from the start of the buffer.</summary>
    public int Position => (int)(_cur - _rw);

    /// <summary>Where the next byte will be written.</summary>
    public byte* RwAddress => _cur;

    /// <summary>The address at which the byte at <paramref name="position"/> will execute.</summary>
    public byte* RxAddress(int position) => _rx + position;

    /// <summary>The writable address of the byte at <paramref name="position"/>.</summary>
    public byte* RwAddressOf(int position) => _rw + position;

    /// <summary>Starts a new block in <paramref name="capacity"/> bytes. All labels of the previous block become invalid.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below <see cref="Slack"/>.</exception>
    public void Reset(byte* rw, byte* rx, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, Slack);
        _rw = rw;
        _rx = rx;
        _cur = rw;
        _limit = rw + capacity - Slack;
        _overflowed = false;
        ResetLabels();
        ResetCold();
        References.Clear();
    }

    /// <summary>The place for one instruction of less than <see cref="Slack"/> bytes. No call, so that short instructions stay leaf functions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Begin()
    {
        byte* p = _cur;
        if (p > _limit)
        {
            _overflowed = true;
            p = _limit;
        }

        return p;
    }

    private void Overflow()
    {
        _overflowed = true;
        _cur = _limit;
    }

    private byte* RxOf(byte* p) => _rx + (p - _rw);

    /// <summary>Writes the distance to an address outside the block, and records it.</summary>
    /// <param name="field">Where the distance goes.</param>
    /// <param name="target">The address.</param>
    /// <param name="trailing">Bytes of the instruction behind the field.</param>
    private void Rel32(byte* field, long target, int trailing = 0)
    {
        long distance = target - (long)RxOf(field + 4 + trailing);
        if (distance != (int)distance)
        {
            ThrowUnreachable();
        }

        *(int*)field = (int)distance;
        References.Add(Position, new CodeReference((int)(field - _rw), ReferenceKind.Place, target));
    }

    [DoesNotReturn]
    private static void ThrowUnreachable()
        => throw new ArgumentOutOfRangeException("target", "The address is more than 2 GiB away from the code that refers to it.");
}
