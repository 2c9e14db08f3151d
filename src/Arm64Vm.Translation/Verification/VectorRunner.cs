using System.Buffers.Binary;
using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Verification;

/// <summary>Makes the executor to be tested. Tier thresholds and the like are the factory's business.</summary>
public delegate IExecutor ExecutorFactory(IGuestServices services, ICodeMemory memory);

/// <summary>Runs the instruction vectors of a directory on an executor and compares every register and every byte of memory.</summary>
public sealed class VectorRunner
{
    private const int StateSize = 784;
    private const int SlotSize = 64;
    private const int FirstFiller = 8;
    private const int PageSize = 4096;

    private readonly string directory;
    private readonly byte[] states;
    private readonly byte[] memory;

    /// <param name="directory">Holds states.bin, mem.bin and *.jsonl.gz.</param>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public VectorRunner(string directory)
    {
        this.directory = directory;
        states = File.ReadAllBytes(Path.Combine(directory, "states.bin"));
        memory = File.ReadAllBytes(Path.Combine(directory, "mem.bin"));
    }

    /// <summary>The files of single-instruction vectors and of sequences, in the order of <see cref="RunAll"/>.</summary>
    public static IReadOnlyList<string> Files { get; } = ["dp-imm", "dp-reg", "branch", "ldst", "fp-simd", "sequences"];

    /// <summary>Runs every file that exists in the directory.</summary>
    public IEnumerable<VectorReport> RunAll(ExecutorFactory factory) =>
        Files.Where(file => File.Exists(PathOf(file))).Select(file => Run(file, factory));

    /// <summary>Runs one file, or those of its vectors whose name <paramref name="filter"/> accepts.</summary>
    public VectorReport Run(string file, ExecutorFactory factory, Predicate<string>? filter = null)
    {
        List<TestVector> vectors = VectorFile.Read(PathOf(file));
        using FlatMachine machine = Place(vectors);
        using IExecutor executor = factory(machine, machine);
        var run = new VectorRun(machine, executor, states, memory);
        var failures = new List<VectorFailure>();
        int passed = 0, skipped = 0;
        foreach (TestVector vector in vectors)
        {
            if (filter is not null && !filter(vector.Name))
                continue;
            if (DependsOnKeys(vector))
            {
                skipped++;
                continue;
            }

            IReadOnlyList<string>? differences = run.Execute(vector);
            if (differences is null)
                skipped++;
            else if (differences.Count == 0)
                passed++;
            else
                failures.Add(new VectorFailure(vector.Name, vector.Pc, vector.Words, vector.Disassembly, differences));
        }

        return new VectorReport(file, passed, failures, skipped);
    }

    private string PathOf(string file) => Path.Combine(directory, file + ".jsonl.gz");

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

    /// <summary>Signed pointers depend on the keys of the processor that recorded them.</summary>
    private static bool DependsOnKeys(TestVector vector)
    {
        if (vector.Undefined)
            return false;
        foreach (uint word in vector.Words)
        {
            A64Opcode opcode = A64Decoder.Decode(word);
            bool signs = opcode is A64Opcode.Pacga or A64Opcode.Pacia1716 or A64Opcode.Pacib1716
                or A64Opcode.Paciaz or A64Opcode.Pacibz or A64Opcode.Paciasp or A64Opcode.Pacibsp
                or (>= A64Opcode.Pacia and <= A64Opcode.Pacdb) or (>= A64Opcode.Paciza and <= A64Opcode.Pacdzb);
            if (signs)
                return true;
        }

        return false;
    }

    /// <summary>Size of one record of states.bin.</summary>
    internal static ReadOnlySpan<byte> StateOf(byte[] states, int index) => states.AsSpan(index * StateSize, StateSize);
}
