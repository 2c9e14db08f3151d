using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Memory;
using Iced.Intel;
using Xunit.Sdk;
using Label = Arm64Vm.Backend.X64.Emit.Label;

namespace Arm64Vm.Backend.X64.Tests.Emit;

/// <summary>
/// Emits one instruction at a time and compares it with what Iced reads back: mnemonic, operands, length; and that Iced's encoder
/// makes the same bytes of it, so that no prefix is redundant.
/// </summary>
internal sealed unsafe class EmitHarness : IDisposable
{
    private readonly NativeMemoryRegion _memory = new(1 << 16);
    private readonly PointerReader _reader = new();
    private readonly Decoder _decoder;
    private readonly ListWriter _writer = new();
    private readonly Encoder _encoder;

    public EmitHarness()
    {
        _decoder = Decoder.Create(64, _reader);
        _encoder = Encoder.Create(64, _writer);
        Restart();
    }

    public X64Emitter Emitter { get; } = new();

    public byte* Base => _memory.Address;

    public int Checks { get; private set; }

    public void Dispose() => _memory.Dispose();

    public X64Emitter Restart(int capacity = 4096)
    {
        Emitter.Reset(Base, Base, capacity);
        return Emitter;
    }

    public Instruction DecodeAt(int position)
    {
        _reader.Next = Base + position;
        _decoder.IP = (ulong)(Base + position);
        return _decoder.Decode();
    }

    /// <summary>What was emitted since the last check must be exactly this instruction.</summary>
    public Instruction Expect(Mnemonic mnemonic, params ReadOnlySpan<Op> operands)
    {
        Instruction instruction = Decode();
        CheckOperands(instruction, mnemonic, operands);
        CheckCanonical(instruction);
        Restart();
        return instruction;
    }

    /// <summary>The same without the comparison of bytes, for encodings that Iced would write in another way.</summary>
    public Instruction ExpectLoosely(Mnemonic mnemonic, params ReadOnlySpan<Op> operands)
    {
        Instruction instruction = Decode();
        CheckOperands(instruction, mnemonic, operands);
        Restart();
        return instruction;
    }

    private Instruction Decode()
    {
        Instruction instruction = DecodeAt(0);
        if (instruction.Length != Emitter.Position || instruction.IsInvalid)
        {
            Fail(instruction, $"length {instruction.Length}");
        }

        return instruction;
    }

    private void CheckOperands(in Instruction instruction, Mnemonic mnemonic, ReadOnlySpan<Op> operands)
    {
        Checks++;
        if (instruction.Mnemonic != mnemonic || instruction.OpCount < operands.Length)
        {
            Fail(instruction, $"expected {mnemonic} with {operands.Length} operands");
        }

        for (int i = 0; i < operands.Length; i++)
        {
            if (!operands[i].Matches(instruction, i))
            {
                Fail(instruction, $"operand {i} should be {operands[i]}");
            }
        }
    }

    private void CheckCanonical(in Instruction instruction)
    {
        _writer.Bytes.Clear();
        _encoder.Encode(instruction, instruction.IP);
        ReadOnlySpan<byte> emitted = new(Base, instruction.Length);
        if (!emitted.SequenceEqual(_writer.Bytes.ToArray()))
        {
            Fail(instruction, $"Iced encodes it as {Convert.ToHexString(_writer.Bytes.ToArray())}");
        }
    }

    private void Fail(in Instruction instruction, string why)
        => throw new XunitException($"{Convert.ToHexString(new ReadOnlySpan<byte>(Base, Emitter.Position))} is '{instruction}' ({instruction.Code}): {why}");

    private sealed class PointerReader : CodeReader
    {
        public byte* Next;

        public override int ReadByte() => *Next++;
    }

    private sealed class ListWriter : CodeWriter
    {
        public readonly List<byte> Bytes = [];

        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}
