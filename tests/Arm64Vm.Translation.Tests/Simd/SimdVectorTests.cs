using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;
using Arm64Vm.Translation.Lifters;

namespace Arm64Vm.Translation.Tests.Simd;

/// <summary>Every vector of fp-simd, lifted and evaluated by the interpreter, against all registers.</summary>
public sealed unsafe class SimdVectorTests
{
    private const int StateBytes = 784;

    [Theory]
    [InlineData(true, 15000)]
    [InlineData(false, 20000)]
    public void EveryVectorGivesTheRecordedRegisters(bool integer, int atLeast)
    {
        byte[] states = File.ReadAllBytes(VectorFile("states.bin"));
        var region = new IrRegion();
        var builder = new IrBuilder(region);
        var interpreter = new IrInterpreter(new NoServices());
        var failures = new SortedDictionary<string, (int Count, string First)>();
        int count = 0;
        GuestContext* context = (GuestContext*)NativeMemory.AlignedAlloc(GuestContext.TotalSize, 4096);
        GuestContext* expected = (GuestContext*)NativeMemory.AlignedAlloc(GuestContext.TotalSize, 4096);
        try
        {
            using var reader = new StreamReader(new GZipStream(File.OpenRead(VectorFile("fp-simd.jsonl.gz")), CompressionMode.Decompress));
            while (reader.ReadLine() is { } line)
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement vector = document.RootElement;
                string name = vector.GetProperty("n").GetString()!;
                if (IsInteger(name) != integer)
                    continue;
                count++;
                string? failure = Run(vector, states, region, builder, interpreter, context, expected);
                if (failure == null)
                    continue;
                failures.TryGetValue(name, out (int Count, string First) old);
                failures[name] = (old.Count + 1, old.First ?? failure);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(context);
            NativeMemory.AlignedFree(expected);
        }

        Assert.True(failures.Count == 0, string.Join('\n', failures.Select(f => $"{f.Key}: {f.Value.Count}, first {f.Value.First}")));
        Assert.True(count > atLeast, $"only {count} vectors");
    }

    private static bool IsInteger(string name) =>
        name == "FMOV (vector, immediate)"
        || !(name.StartsWith('F') || name.StartsWith("BF", StringComparison.Ordinal) || name.Contains("CVTF", StringComparison.Ordinal));

    private static string? Run(JsonElement vector, byte[] states, IrRegion region, IrBuilder builder, IrInterpreter interpreter, GuestContext* context, GuestContext* expected)
    {
        uint word = uint.Parse(vector.GetProperty("i").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        ulong pc = ulong.Parse(vector.GetProperty("pc").GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Load(context, states.AsSpan(vector.GetProperty("s").GetInt32() * StateBytes, StateBytes));
        Load(expected, states.AsSpan(vector.GetProperty("s").GetInt32() * StateBytes, StateBytes));
        if (vector.TryGetProperty("out", out JsonElement changed))
        {
            foreach (JsonProperty register in changed.EnumerateObject())
                Set(expected, register.Name, UInt128.Parse(register.Value.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        context->PcPage = pc & ~0xFFFUL;
        int offset = (int)(pc & 0xFFF);
        region.Clear();
        builder.BeginBlock(offset);
        builder.BeginInstruction(offset);
        Lifter.Lift(new LiftContext(builder, TranslationMode.Create(0, 0, false, false, false, context->Fpcr), offset, FeatureSet.All), word);
        if (!builder.IsTerminated)
            builder.Jump(offset + 4);
        builder.EndBlock();
        ExitReason reason = interpreter.Run(region, context);
        bool undefined = vector.TryGetProperty("undef", out _);
        string text = $"{word:x8} {vector.GetProperty("a").GetString()}";
        if (undefined != (reason == ExitReason.Undefined))
            return $"{text}: {reason}";
        string? difference = undefined ? null : Difference(context, expected);
        return difference == null ? null : $"{text}: {difference}";
    }

    private static void Load(GuestContext* context, ReadOnlySpan<byte> state)
    {
        new Span<byte>(context, GuestContext.ExitOffset).Clear();
        ReadOnlySpan<ulong> quads = MemoryMarshal.Cast<byte, ulong>(state);
        for (int i = 0; i < 32; i++)
            context->X[i] = quads[i];
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(state);
        context->Nzcv = words[64];
        context->Fpcr = words[65];
        context->Fpsr = words[66];
        for (int i = 0; i < 64; i++)
            context->V[i] = quads[34 + i];
        context->Poll = 0;
    }

    private static void Set(GuestContext* context, string register, UInt128 value)
    {
        switch (register)
        {
            case "fpsr":
                context->Fpsr = (uint)value;
                break;
            case "nzcv":
                context->Nzcv = (uint)value;
                break;
            default:
                int index = int.Parse(register.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture);
                if (register[0] == 'x')
                    context->X[index] = (ulong)value;
                else
                    context->SetV(index, new Bits128((ulong)value, (ulong)(value >> 64)));
                break;
        }
    }

    private static string? Difference(GuestContext* actual, GuestContext* expected)
    {
        for (int i = 0; i < 32; i++)
        {
            if (actual->X[i] != expected->X[i])
                return $"x{i} is {actual->X[i]:x}, not {expected->X[i]:x}";
            if (actual->GetV(i) != expected->GetV(i))
                return $"v{i} is {actual->GetV(i)}, not {expected->GetV(i)}";
        }

        if (actual->Fpsr != expected->Fpsr)
            return $"fpsr is {actual->Fpsr:x}, not {expected->Fpsr:x}";
        return actual->Nzcv == expected->Nzcv ? null : $"nzcv is {actual->Nzcv:x}, not {expected->Nzcv:x}";
    }

    private static string VectorFile(string name)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory != null; directory = directory.Parent)
        {
            string path = Path.Combine(directory.FullName, "tests", "vectors", name);
            if (File.Exists(path))
                return path;
        }

        throw new DirectoryNotFoundException("The tests run outside the source tree.");
    }

    /// <summary>No vector of these touches memory or system registers.</summary>
    private sealed class NoServices : IGuestServices
    {
        public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value) => throw new NotSupportedException();

        public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value) => throw new NotSupportedException();

        public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value) => throw new NotSupportedException();

        public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status) => throw new NotSupportedException();

        public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old) => throw new NotSupportedException();

        public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old) => throw new NotSupportedException();

        public bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset) => throw new NotSupportedException();

        public bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value) => throw new NotSupportedException();

        public bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value) => throw new NotSupportedException();

        public bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand) => throw new NotSupportedException();

        public bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset) => throw new NotSupportedException();

        public bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest) => throw new NotSupportedException();

        public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result) => throw new NotSupportedException();
    }
}
