using System.Buffers.Binary;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Verification;

/// <summary>Makes the executor to be tested. Tier thresholds and the like are the factory's business.</summary>
internal delegate IExecutor ExecutorFactory(IGuestServices services, ICodeMemory memory);

/// <summary>Runs the instruction vectors of a directory on an executor and compares every register and every byte of memory.</summary>
internal sealed class VectorRunner
{
    private const int StateSize = 784;
    private const int SlotSize = 64;
    private const int FirstFiller = 8;
    private const int PageSize = 4096;
    private const int LongestSequence = 1024;
    private const int LargestFile = 64 << 20;

    /// <summary>Failures whose differences are kept; of the others there is the name.</summary>
    private const int KeptFailures = 1000;
    private const string Extension = ".jsonl.gz";

    private readonly Func<string, Stream?> open;
    private readonly byte[] states;
    private readonly byte[] memory;

    /// <param name="directory">Holds states.bin, mem.bin and *.jsonl.gz.</param>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public VectorRunner(string directory)
        : this(name => Path.Combine(directory, name) is var path && File.Exists(path) ? File.OpenRead(path) : null)
    {
    }

    /// <param name="open">Opens states.bin, mem.bin and *.jsonl.gz by name; null where there is no such file.</param>
    /// <exception cref="IOException">A file is missing, cannot be read, or has a wrong size.</exception>
    public VectorRunner(Func<string, Stream?> open)
    {
        this.open = open;
        states = ReadAll("states.bin");
        memory = ReadAll("mem.bin");
        if (states.Length == 0 || states.Length % StateSize != 0)
            throw new InvalidDataException($"states.bin must be a whole number of records of {StateSize} bytes.");
        if (memory.Length != FlatMachine.DataSize)
            throw new InvalidDataException($"mem.bin must have {FlatMachine.DataSize} bytes.");
    }

    /// <summary>The files of single-instruction vectors and of sequences, in the order of <see cref="RunAll"/>.</summary>
    public static IReadOnlyList<string> Files { get; } = ["dp-imm", "dp-reg", "branch", "ldst", "fp-simd", "sequences"];

    /// <summary>Runs every file that exists in the directory.</summary>
    public IEnumerable<VectorReport> RunAll(ExecutorFactory factory) =>
        Files.Where(Exists).Select(file => Run(file, factory));

    /// <summary>Whether a file of <see cref="Files"/> is there.</summary>
    public bool Exists(string file)
    {
        using Stream? stream = open(file + Extension);
        return stream is not null;
    }

    /// <summary>Runs one file, or those of its vectors whose name <paramref name="filter"/> accepts.</summary>
    /// <param name="file">One of <see cref="Files"/>.</param>
    /// <param name="factory">Makes the executor.</param>
    /// <param name="filter">Chooses vectors; null: all.</param>
    /// <param name="times">How often each is run, for executors that have tiers.</param>
    public VectorReport Run(string file, ExecutorFactory factory, Predicate<string>? filter = null, int times = 1)
    {
        List<TestVector> vectors = Read(file);
        using FlatMachine machine = Place(vectors);
        using IExecutor executor = factory(machine, machine);
        using var run = new VectorRun(machine, executor, states, memory);
        var failures = new List<VectorFailure>();
        int passed = 0;
        foreach (TestVector vector in vectors)
        {
            if (filter is not null && !filter(vector.Name))
                continue;
            List<string> differences = run.Execute(vector);
            for (int n = 1; n < times && differences.Count == 0; n++)
                differences = run.Execute(vector);
            if (differences.Count == 0)
                passed++;
            else
                failures.Add(new VectorFailure(vector.Name, vector.Pc, vector.Words, vector.Disassembly, failures.Count < KeptFailures ? differences : []));
        }

        return new VectorReport(file, passed, failures);
    }

    private List<TestVector> Read(string file)
    {
        using Stream stream = open(file + Extension) ?? throw new FileNotFoundException($"There is no {file}{Extension}.");
        return VectorFile.Read(stream, file + Extension, Fault);
    }

    private string? Fault(TestVector vector)
    {
        if ((uint)vector.InitialState >= (uint)(states.Length / StateSize))
            return $"field 's': states.bin has no state {vector.InitialState}";
        if (vector.Words.Count is 0 or > LongestSequence)
            return $"field 'i': must have 1 to {LongestSequence} instructions";
        if (vector.Pc % 4 != 0 || vector.Pc - FlatMachine.CodeWindow >= FlatMachine.CodeWindowSize - (LongestSequence * 4))
            return $"field 'pc': must be a multiple of 4 in the {FlatMachine.CodeWindowSize >> 20} MiB from {FlatMachine.CodeWindow:x} on";
        return vector.Memory.TrueForAll(change => (uint)change.Offset < FlatMachine.DataSize)
            ? null
            : $"field 'mem': an offset lies outside the {FlatMachine.DataSize} bytes";
    }

    private byte[] ReadAll(string name)
    {
        using Stream stream = open(name) ?? throw new FileNotFoundException($"There is no {name}.");
        var bytes = new MemoryStream();
        byte[] block = new byte[64 << 10];
        int read;
        while ((read = stream.Read(block)) > 0)
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > LargestFile)
                throw new InvalidDataException($"{name} has more than {LargestFile >> 20} MiB.");
        }

        return bytes.ToArray();
    }

    /// <summary>Lays all vectors of a file out in memory at once: they are 64 bytes apart, and branches land on a BRK of some slot.</summary>
    private static FlatMachine Place(List<TestVector> vectors)
    {
        ulong first = vectors.Count == 0 ? 0 : vectors.Min(vector => vector.Pc) & ~(ulong)(PageSize - 1);
        ulong end = vectors.Count == 0 ? 0 : vectors.Max(vector => vector.Pc + (ulong)(vector.Words.Count * 4) + SlotSize);
        var machine = new FlatMachine(first, (end - first + PageSize - 1) & ~(ulong)(PageSize - 1));
        foreach (TestVector vector in vectors)
        {
            Span<byte> slot = machine.Code[(int)(vector.Pc - first)..];
            for (int n = 0; n < vector.Words.Count; n++)
                BinaryPrimitives.WriteUInt32LittleEndian(slot[(n * 4)..], vector.Words[n]);
            if (vector.IsSequence)
                continue;
            for (int k = FirstFiller; k < SlotSize; k++)
                slot[k] = (byte)((k * 7) + 13);
        }

        return machine;
    }

    /// <summary>Size of one record of states.bin.</summary>
    internal static ReadOnlySpan<byte> StateOf(byte[] states, int index) => states.AsSpan(index * StateSize, StateSize);
}
