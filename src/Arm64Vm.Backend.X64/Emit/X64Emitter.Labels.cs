using System.Diagnostics.CodeAnalysis;

namespace Arm64Vm.Backend.X64.Emit;

// Labels and their fix-ups live in arrays that are reused by the next block. A label's unresolved uses form a list through _fixups.
internal sealed unsafe partial class X64Emitter
{
    private const int Unbound = -1;

    private struct LabelState
    {
        /// <summary>Offset in the buffer, or <see cref="Unbound"/>.</summary>
        public int Position;

        /// <summary>First unresolved use in _fixups, zero for none.</summary>
        public int FirstUse;
    }

    private struct Fixup
    {
        /// <summary>Offset of the field; its complement if the field is one byte wide.</summary>
        public int Field;
        public int Next;
    }

    // Element zero of both is never used: number zero means "none".
    private LabelState[] _labels = new LabelState[64];
    private Fixup[] _fixups = new Fixup[64];
    private int _labelCount;
    private int _fixupCount;
    private int _pending;

    /// <summary>Uses of labels that are not bound yet; zero in a finished block.</summary>
    public int UnresolvedUses => _pending;

    /// <summary>A new label, not bound to a place yet.</summary>
    public Label NewLabel()
    {
        int id = _labelCount + 1;
        if (id == _labels.Length)
        {
            Array.Resize(ref _labels, id * 2);
        }

        _labelCount = id;
        _labels[id] = new LabelState { Position = Unbound };
        return new Label(id);
    }

    /// <summary>A new label at the next instruction.</summary>
    public Label Here()
    {
        Label label = NewLabel();
        Bind(label);
        return label;
    }

    public bool IsBound(Label label) => State(label).Position != Unbound;

    /// <summary>Offset of a bound label, -1 before it is bound.</summary>
    public int PositionOf(Label label) => State(label).Position;

    /// <summary>Places the label at the next instruction and completes all instructions that refer to it.</summary>
    /// <exception cref="InvalidOperationException">The label is bound already, or a short jump to it does not reach.</exception>
    public void Bind(Label label)
    {
        ref LabelState state = ref State(label);
        if (state.Position != Unbound)
        {
            ThrowBoundTwice();
        }

        int position = Position;
        state.Position = position;
        for (int use = state.FirstUse; use != 0; use = _fixups[use].Next)
        {
            int field = _fixups[use].Field;
            if (field >= 0)
            {
                // The field already holds minus the bytes of immediate between itself and the end of its instruction.
                *(int*)(_rw + field) += position - (field + 4);
                NoteCrossing(field, position);
            }
            else
            {
                _rw[~field] = Rel8(position - (~field + 1));
            }

            _pending--;
        }

        state.FirstUse = 0;
    }

    private void ResetLabels()
    {
        _labelCount = 0;
        _fixupCount = 0;
        _pending = 0;
    }

    private ref LabelState State(Label label)
    {
        if ((uint)(label.Id - 1) >= (uint)_labelCount)
        {
            ThrowForeignLabel();
        }

        return ref _labels[label.Id];
    }

    private void LabelField32(byte* field, Label label, int trailing)
    {
        ref LabelState state = ref State(label);
        int offset = (int)(field - _rw);
        if (state.Position != Unbound)
        {
            *(int*)field = state.Position - (offset + 4) - trailing;
            NoteCrossing(offset, state.Position);
            return;
        }

        *(int*)field = -trailing;
        AddUse(ref state, offset);
    }

    private void LabelField8(byte* field, Label label)
    {
        ref LabelState state = ref State(label);
        int offset = (int)(field - _rw);
        if (state.Position != Unbound)
        {
            *field = Rel8(state.Position - (offset + 1));
            return;
        }

        AddUse(ref state, ~offset);
    }

    private void AddUse(ref LabelState state, int field)
    {
        int use = _fixupCount + 1;
        if (use == _fixups.Length)
        {
            Array.Resize(ref _fixups, use * 2);
        }

        _fixupCount = use;
        _fixups[use] = new Fixup { Field = field, Next = state.FirstUse };
        state.FirstUse = use;
        _pending++;
    }

    private byte Rel8(int distance)
    {
        // After an overflow, distances are meaningless and so is the code.
        if (distance != (sbyte)distance && !Overflowed)
        {
            ThrowShortJump();
        }

        return (byte)distance;
    }

    [DoesNotReturn]
    private static void ThrowBoundTwice() => throw new InvalidOperationException("The label is bound already.");

    [DoesNotReturn]
    private static void ThrowForeignLabel() => throw new InvalidOperationException("The label does not belong to this block.");

    [DoesNotReturn]
    private static void ThrowShortJump() => throw new InvalidOperationException("A short jump reaches 127 bytes forwards and 128 back.");
}
