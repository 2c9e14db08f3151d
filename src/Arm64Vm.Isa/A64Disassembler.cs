using System.Globalization;
using Arm64Vm.Isa.Disassembly;

namespace Arm64Vm.Isa;

/// <summary>Text of instructions in binutils' syntax, aliases and comments included: mnemonic, tab, operands.</summary>
internal static class A64Disassembler
{
    /// <summary>No instruction's text is longer.</summary>
    public const int MaximumLength = 128;

    /// <summary>The text of <paramref name="word"/> at address <paramref name="pc"/>; <c>.inst 0x… ; undefined</c> where the table has no encoding for it.</summary>
    public static string Disassemble(uint word, ulong pc)
    {
        Span<char> buffer = stackalloc char[MaximumLength];
        return TryFormat(word, pc, buffer, out int length)
            ? buffer[..length].ToString()
            : string.Create(CultureInfo.InvariantCulture, $".inst\t0x{word:x8} ; undefined");
    }

    /// <summary>Writes the text without allocating. False where <paramref name="destination"/> is too short.</summary>
    public static bool TryFormat(uint word, ulong pc, Span<char> destination, out int charsWritten)
    {
        var writer = new A64TextWriter(destination);
        A64Instruction instruction = A64Instruction.Decode(word);
        Write(ref writer, instruction, pc);
        writer.FinishComment();
        charsWritten = writer.Length;
        return !writer.Overflow;
    }

    private static void Write(ref A64TextWriter w, in A64Instruction i, ulong pc)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.PcRelative:
            case A64Group.AddSubImmediate:
            case A64Group.AddSubTags:
            case A64Group.MinMaxImmediate:
            case A64Group.LogicalImmediate:
            case A64Group.MoveWide:
            case A64Group.Bitfield:
            case A64Group.Extract:
                DataProcessingImmediateText.Write(ref w, i, pc);
                break;
            case A64Group.TwoSource:
            case A64Group.OneSource:
            case A64Group.PointerAuthentication:
            case A64Group.LogicalShifted:
            case A64Group.AddSubShifted:
            case A64Group.AddSubExtended:
            case A64Group.AddSubCarry:
            case A64Group.FlagManipulation:
            case A64Group.ConditionalCompare:
            case A64Group.ConditionalSelect:
            case A64Group.ThreeSource:
                DataProcessingRegisterText.Write(ref w, i);
                break;
            case A64Group.ConditionalBranch:
            case A64Group.UnconditionalBranchImmediate:
            case A64Group.CompareBranch:
            case A64Group.TestBranch:
            case A64Group.UnconditionalBranchRegister:
            case A64Group.AuthenticatedBranch:
                BranchText.Write(ref w, i, pc);
                break;
            case A64Group.Reserved:
            case A64Group.ExceptionGeneration:
            case A64Group.ExceptionReturn:
            case A64Group.WaitWithTimeout:
            case A64Group.Hint:
            case A64Group.Barrier:
            case A64Group.PStateMove:
            case A64Group.SystemInstruction:
            case A64Group.SystemRegisterMove:
                SystemText.Write(ref w, i);
                break;
            case A64Group.LoadStoreExclusive:
            case A64Group.LoadStoreOrdered:
            case A64Group.CompareAndSwap:
            case A64Group.AtomicMemory:
            case A64Group.MemoryTags:
            case A64Group.MemoryCopySet:
            case A64Group.LoadPointerAuthentication:
                AtomicText.Write(ref w, i);
                break;
            case A64Group.LoadLiteral:
            case A64Group.LoadStorePair:
            case A64Group.LoadStoreUnscaled:
            case A64Group.LoadStoreUnprivileged:
            case A64Group.LoadStoreImmediate:
            case A64Group.LoadStoreRegister:
            case A64Group.SimdLoadLiteral:
            case A64Group.SimdLoadStorePair:
            case A64Group.SimdLoadStoreUnscaled:
            case A64Group.SimdLoadStoreImmediate:
            case A64Group.SimdLoadStoreRegister:
                LoadStoreText.Write(ref w, i, pc);
                break;
            case A64Group.SimdLoadStoreMultiple:
            case A64Group.SimdLoadStoreSingle:
            case A64Group.SimdLoadReplicate:
                SimdStructureText.Write(ref w, i);
                break;
            case A64Group.FloatingPointFixedPoint:
            case A64Group.FloatingPointInteger:
            case A64Group.FloatingPointOneSource:
            case A64Group.FloatingPointCompare:
            case A64Group.FloatingPointImmediate:
            case A64Group.FloatingPointTwoSource:
            case A64Group.FloatingPointConditionalSelect:
            case A64Group.FloatingPointThreeSource:
                FloatingPointText.Write(ref w, i);
                break;
            case A64Group.CryptoAes:
            case A64Group.CryptoSha:
            case A64Group.CryptoSha3:
            case A64Group.CryptoSm:
                CryptoText.Write(ref w, i);
                break;
            case A64Group.SimdCopy:
            case A64Group.SimdPermute:
            case A64Group.SimdTable:
            case A64Group.SimdModifiedImmediate:
                SimdCopyText.Write(ref w, i);
                break;
            case A64Group.SimdShiftImmediate:
            case A64Group.SimdShiftImmediateScalar:
                SimdShiftText.Write(ref w, i);
                break;
            case A64Group.SimdByElement:
            case A64Group.SimdByElementScalar:
            case A64Group.SimdByElementFp:
                SimdByElementText.Write(ref w, i);
                break;
            case A64Group.Undefined:
                WriteUndefined(ref w, i.Word);
                break;
            default:
                SimdText.Write(ref w, i);
                break;
        }
    }

    private static void WriteUndefined(ref A64TextWriter w, uint word)
    {
        w.Start(".inst");
        w.Separate();
        w.Append("0x");
        for (int shift = 28; shift >= 0; shift -= 4)
            w.Append("0123456789abcdef"[(int)(word >> shift) & 15]);
        w.Append(" ; undefined");
    }
}
