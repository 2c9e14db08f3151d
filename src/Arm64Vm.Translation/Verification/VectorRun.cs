using System.Buffers.Binary;
using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Verification;

/// <summary>Executes vectors one after the other on one machine and compares the outcomes.</summary>
internal sealed unsafe class VectorRun : IDisposable
{
    /// <summary>No vector takes a thousandth of it; one that does has a loop without end.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Differences that are told of one vector.</summary>
    private const int MostDifferences = 100;

    /// <summary>
    /// Bits 54:48 of a pointer under a 48-bit address space with tags: its authentication code, made with the random keys of the process that
    /// recorded it. The only bits that are not compared.
    /// </summary>
    private const ulong PointerCode = 0x007F_0000_0000_0000;

    private readonly FlatMachine machine;
    private readonly IExecutor executor;
    private readonly byte[] states;
    private readonly byte[] initialMemory;
    private readonly byte[] expectedMemory = new byte[FlatMachine.DataSize];
    private readonly UInt128[] expected = new UInt128[RegisterValue.Count];
    private readonly UInt128[] actual = new UInt128[RegisterValue.Count];

    private readonly Timer watchdog;
    private long number;
    private long seen;
    private long overdue;

    public VectorRun(FlatMachine machine, IExecutor executor, byte[] states, byte[] initialMemory)
    {
        this.machine = machine;
        this.executor = executor;
        this.states = states;
        this.initialMemory = initialMemory;
        watchdog = new Timer(_ => Watch(), null, s_patience, s_patience);
    }

    /// <summary>The watchdog looks at the machine no more.</summary>
    public void Dispose()
    {
        using var done = new ManualResetEvent(false);
        if (watchdog.Dispose(done))
            done.WaitOne();
    }

    /// <summary>Every loop looks at the poll word: a vector that is still the one of the last look is made to come back.</summary>
    private void Watch()
    {
        long now = Volatile.Read(ref number);
        if (seen == now)
        {
            Volatile.Write(ref overdue, now);
            Interlocked.Or(ref machine.Context->Poll, 1u);
        }

        seen = now;
    }

    /// <summary>The differences from the recorded outcome, none where it is met exactly.</summary>
    public List<string> Execute(TestVector vector)
    {
        Volatile.Write(ref number, number + 1);
        ReadState(VectorRunner.StateOf(states, vector.InitialState));
        expected[RegisterValue.Pc] = vector.Pc;
        Apply(vector.Set);
        WriteContext();
        initialMemory.CopyTo(machine.Data);
        initialMemory.CopyTo(expectedMemory, 0);

        expected[RegisterValue.Pc] = vector.Undefined ? vector.Pc : vector.Pc + ((ulong)vector.Words.Count * 4);
        Apply(vector.Out);
        foreach ((int offset, byte value) in vector.Memory)
            expectedMemory[offset] = value;

        ExitReason reason = RunToEnd();
        ReadContext();
        bool authenticationFailed = machine.Fault == FlatFault.PointerAuthentication;
        if (vector.Undefined && (reason == ExitReason.Undefined || authenticationFailed))
        {
            if (authenticationFailed)
                actual[RegisterValue.Pc] = vector.Pc;
            return Compare([]);
        }

        if (SignedRegister(vector) is int signed)
            actual[signed] ^= (actual[signed] ^ expected[signed]) & PointerCode;
        var differences = new List<string>();
        if (machine.Fault != FlatFault.None)
            differences.Add($"exception: {machine.Fault}");
        if (reason != ExitReason.Breakpoint || vector.Undefined)
            differences.Add($"{(reason == ExitReason.Poll ? $"did not end within {s_patience.TotalSeconds:0} s" : $"ended with {reason}")}, expected {(vector.Undefined ? ExitReason.Undefined : ExitReason.Breakpoint)}");
        return Compare(differences);
    }

    /// <summary>Hints that leave to the run loop go on at once.</summary>
    private ExitReason RunToEnd()
    {
        while (true)
        {
            ExitReason reason = executor.Run(machine.Context);
            if (reason == ExitReason.Poll && Volatile.Read(ref overdue) != number)
            {
                Volatile.Write(ref machine.Context->Poll, 0);
                continue;
            }

            if (Volatile.Read(ref overdue) == number)
                reason = ExitReason.Poll;
            if (reason is ExitReason.Yield or ExitReason.SendEvent or ExitReason.WaitForEvent or ExitReason.WaitForInterrupt)
                continue;
            executor.SynchronizeFloatStatus(machine.Context);
            return reason;
        }
    }

    /// <summary>The register that a single instruction leaves a signed pointer in.</summary>
    private static int? SignedRegister(TestVector vector)
    {
        if (vector.IsSequence)
            return null;
        A64Instruction instruction = A64Instruction.Decode(vector.Words[0]);
        return instruction.Opcode switch
        {
            A64Opcode.Pacia1716 or A64Opcode.Pacib1716 => 17,
            A64Opcode.Paciaz or A64Opcode.Pacibz or A64Opcode.Paciasp or A64Opcode.Pacibsp => 30,
            (>= A64Opcode.Pacia and <= A64Opcode.Pacdb) or (>= A64Opcode.Paciza and <= A64Opcode.Pacdzb) => instruction.Rd,
            _ => null,
        };
    }

    private List<string> Compare(List<string> differences)
    {
        for (int r = 0; r < RegisterValue.Count; r++)
        {
            if (expected[r] != actual[r])
                differences.Add($"{RegisterValue.Name(r)}: expected {expected[r]:x}, actual {actual[r]:x}");
        }

        Span<byte> data = machine.Data;
        if (data.SequenceEqual(expectedMemory))
            return differences;
        for (int offset = 0; offset < data.Length; offset++)
        {
            if (differences.Count == MostDifferences)
            {
                differences.Add("further differences are not shown");
                break;
            }

            if (data[offset] != expectedMemory[offset])
                differences.Add($"memory +{offset:x}: expected {expectedMemory[offset]:x2}, actual {data[offset]:x2}");
        }

        return differences;
    }

    private void Apply(List<RegisterValue> values)
    {
        foreach (RegisterValue value in values)
            expected[value.Register] = value.Value;
    }

    /// <summary>X0–X30, SP (u64), NZCV, FPCR, FPSR, 0 (u32), V0–V31 (u128).</summary>
    private void ReadState(ReadOnlySpan<byte> state)
    {
        for (int r = 0; r <= RegisterValue.Sp; r++)
            expected[r] = BinaryPrimitives.ReadUInt64LittleEndian(state[(r * 8)..]);
        for (int r = 0; r < 3; r++)
            expected[RegisterValue.Nzcv + r] = BinaryPrimitives.ReadUInt32LittleEndian(state[(256 + (r * 4))..]);
        for (int r = 0; r < 32; r++)
            expected[RegisterValue.FirstVector + r] = BinaryPrimitives.ReadUInt128LittleEndian(state[(272 + (r * 16))..]);
    }

    // SAFETY: the machine's context lives as long as the machine; register numbers are below the sizes of its arrays.
    private void WriteContext()
    {
        GuestContext* context = machine.Context;
        for (int r = 0; r <= RegisterValue.Sp; r++)
            context->X[r] = (ulong)expected[r];
        for (int r = 0; r < 32; r++)
        {
            UInt128 value = expected[RegisterValue.FirstVector + r];
            context->SetV(r, new Bits128((ulong)value, (ulong)(value >> 64)));
        }

        context->Nzcv = (uint)expected[RegisterValue.Nzcv] & GuestFlags.All;
        machine.SetFpcr((uint)expected[RegisterValue.Fpcr]);
        context->Fpsr = (uint)expected[RegisterValue.Fpsr];
        context->Pc = (ulong)expected[RegisterValue.Pc];
        Volatile.Write(ref context->Poll, 0);
        context->Exclusive.Address = GuestContext.InvalidTag;
        machine.Fault = FlatFault.None;
        executor.FloatControlChanged(context);
    }

    private void ReadContext()
    {
        GuestContext* context = machine.Context;
        for (int r = 0; r <= RegisterValue.Sp; r++)
            actual[r] = context->X[r];
        for (int r = 0; r < 32; r++)
        {
            Bits128 value = context->GetV(r);
            actual[RegisterValue.FirstVector + r] = new UInt128(value.Hi, value.Lo);
        }

        actual[RegisterValue.Nzcv] = context->Nzcv;
        actual[RegisterValue.Fpcr] = context->Fpcr;
        actual[RegisterValue.Fpsr] = context->Fpsr;
        actual[RegisterValue.Pc] = context->Pc;
    }
}
