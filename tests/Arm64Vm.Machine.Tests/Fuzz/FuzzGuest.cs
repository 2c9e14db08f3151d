using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Arm64Vm.Isa;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>A guest made of random instructions, with a harness that brings it back from every exception to another random place.</summary>
/// <remarks>
/// <code>
/// +0x0000  harness, its parameters at +0x800
/// +0x2000  level 1 translation table: 1 GiB blocks, and a table
/// +0x3000  level 2: a table, and 2 MiB blocks of RAM with random attributes
/// +0x4000  vectors, each a branch to the harness
/// +0x6000  level 3: the 64 pages at 0xC0000000 are those from +0x10000 on, in disorder and with random attributes
/// +0x10000 random words, executable at EL1 and, through an alias 1 GiB further up, at EL0
/// +0x20000 random data
/// </code>
/// </remarks>
internal sealed class FuzzGuest
{
    private const int Table = 0x2000;
    private const int Level2 = 0x3000;
    private const int Vectors = 0x4000;
    private const int Level3 = 0x6000;
    private const ulong Window = 0xC000_0000;
    private const int WindowPages = 64;
    private const int Area = 0x1_0000;
    private const int Size = 0x4_0000;
    private const uint Nop = 0xD503_201F;
    private const ulong UserAlias = 0x4000_0000;

    private readonly Random random;
    private readonly bool hasTimer;
    private readonly ulong exceptionLimit;
    private readonly A64WordGenerator words;
    private readonly byte[] image = new byte[Size];

    /// <summary>Leaves the registers alone without which the harness never runs again, and does not sleep: such guests get far.</summary>
    private readonly bool isCalm;

    /// <param name="seed">One seed is one guest.</param>
    /// <param name="hasTimer">The virtual timer takes the guest out of its loops; needs a GICv3.</param>
    /// <param name="exceptionLimit">The guest ends after so many exceptions, and is calm; 0: neither.</param>
    public FuzzGuest(int seed, bool hasTimer, ulong exceptionLimit = 0)
    {
        random = new Random(seed);
        words = new A64WordGenerator((ulong)seed);
        UsesMmu = random.Next(4) != 0;
        isCalm = random.Next(4) != 0 || exceptionLimit != 0;
        this.hasTimer = hasTimer;
        this.exceptionLimit = exceptionLimit;
        random.NextBytes(image.AsSpan(Area + 0x1_0000));
        MemoryMarshal.AsBytes(FuzzHarness.Code).CopyTo(image);
        WriteParameters();
        WriteTable();
        WriteVectors();
        for (int offset = Area; offset < Area + 0x1_0000; offset += 4)
        {
            uint word = NextInstruction();
            Put32(offset, isCalm && IsFinal(word) ? Nop : word);
        }
    }

    public bool UsesMmu { get; }

    /// <summary>Counts exceptions.</summary>
    public static ulong CounterAddress => GuestElf.Base + FuzzHarness.Counter;

    public byte[] File => GuestElf.Make(image);

    private void WriteParameters()
    {
        ulong[] values =
        [
            GuestElf.Base + Vectors,

            // Attribute 0: Device-nGnRE, 1: Normal write-back, others random.
            ((ulong)random.NextInt64() << 16) | 0xFF04,

            // T0SZ = T1SZ = 25 (39 bits), 4 KiB granules, 40-bit output, HA and HD by chance, TBI by chance.
            0x2_8019_0019UL | Chance(1UL << 39) | Chance(1UL << 40) | Chance(1UL << 37) | Chance(1UL << 38),
            GuestElf.Base + Table,

            // SCTLR_EL1: RES1 bits, caches, and by chance alignment and stack checks, traps of EL0, PAC keys, rarely WXN.
            0x30D0_0980UL | (UsesMmu ? 1UL : 0) | Chance(2) | Chance(4) | Chance(8) | Chance(16) | Chance(1 << 9) | Chance(1 << 12)
                | Chance(1 << 14) | Chance(1 << 15) | Chance(1 << 16) | Chance(1 << 18) | Chance(1 << 26) | Chance(1U << 31) | Chance(1 << 30)
                | (random.Next(20) == 0 ? 1UL << 19 : 0),

            // CPACR_EL1.FPEN.
            random.Next(8) == 0 ? 0 : 3UL << 20,
            (ulong)random.NextInt64(),
            0,
            UsesMmu && random.Next(2) == 0 ? Window : GuestElf.Base + Area,
            !UsesMmu ? GuestElf.Base + Area : random.Next(2) == 0 ? Window : GuestElf.Base + Area + UserAlias,
            hasTimer ? 1UL : 0,
            exceptionLimit,

            // For SYS_EXIT at the limit: ADP_Stopped_ApplicationExit, 0.
            0x20026,
            0,
        ];
        for (int i = 0; i < values.Length; i++)
            Put64(FuzzHarness.Parameters + (i * 8), values[i]);
        for (int i = 0; i < 128; i++)
            Put64(FuzzHarness.Registers + (i * 8), NextRegister());
    }

    private ulong Chance(ulong bits) => random.Next(3) == 0 ? bits : 0;

    /// <summary>Devices, RAM, RAM again for EL0, and garbage.</summary>
    private void WriteTable()
    {
        const ulong Valid = 1 | (1 << 10);
        const ulong Normal = (1 << 2) | (3 << 8);
        const ulong User = 1 << 6;
        Put64(Table, Valid | (random.Next(2) == 0 ? User : 0));
        Put64(Table + 8, 0x4000_0000 | Valid | Normal);
        Put64(Table + 16, 0x4000_0000 | Valid | Normal | User | Chance(1 << 11));
        Put64(Table + 24, (GuestElf.Base + Level2) | 3);
        Put64(Level2, (GuestElf.Base + Level3) | 3);
        for (int i = 1; i < 512; i++)
            Put64(Level2 + (i * 8), random.Next(4) != 0 ? (0x4000_0000 + ((ulong)random.Next(32) << 21)) | RandomAttributes() | 1 : 0);
        for (int i = 0; i < WindowPages; i++)
            Put64(Level3 + (i * 8), (GuestElf.Base + Area + ((ulong)random.Next(48) << 12)) | RandomAttributes() | 3);
        for (int i = 4; i < 512; i++)
        {
            if (random.Next(4) == 0)
                Put64(Table + (i * 8), (ulong)random.NextInt64());
        }
    }

    /// <summary>AP, SH, AF, nG, GP, DBM, PXN and UXN; Normal memory most of the time.</summary>
    private ulong RandomAttributes() =>
        (random.Next(16) == 0 ? 0UL : 1UL << 2)
        | ((ulong)random.Next(4) << 6)
        | ((ulong)random.Next(4) << 8)
        | (random.Next(16) == 0 ? 0 : 1UL << 10)
        | Chance(1UL << 11)
        | (random.Next(16) == 0 ? 1UL << 50 : 0)
        | Chance(1UL << 51)
        | (random.Next(6) == 0 ? 1UL << 53 : 0)
        | (random.Next(6) == 0 ? 1UL << 54 : 0);

    private void WriteVectors()
    {
        for (int vector = 0; vector < 16; vector++)
        {
            int from = Vectors + (vector * 0x80);
            Put32(from, 0x1400_0000 | ((uint)(-from / 4) & 0x03FF_FFFF));
        }
    }

    /// <summary>Pointers into RAM, to devices and to nowhere, and numbers.</summary>
    private ulong NextRegister() => random.Next(13) switch
    {
        10 or 11 => UsesMmu ? Window + (ulong)random.Next(WindowPages * 4096) : (ulong)random.Next(256),
        12 => UsesMmu ? Window + ((ulong)random.Next(1, WindowPages) << 12) - (ulong)random.Next(16) : GuestElf.Base + (ulong)random.Next(Size),
        < 4 => GuestElf.Base + Area + (ulong)random.Next(0x3_0000 - 16),
        4 => (GuestElf.Base + Area + (ulong)random.Next(0x3_0000 - 16)) & ~15UL,
        5 => (UsesMmu ? UserAlias : 0) + GuestElf.Base + Area + ((ulong)random.Next(0x3_0000) & ~7UL),
        6 => Devices[random.Next(Devices.Length)] + ((ulong)random.Next(0x1000) & ~3UL),
        7 => (ulong)random.Next(64),
        8 => GuestElf.Base + Area + ((ulong)random.Next(1, 16) * 4096) - (ulong)random.Next(16),
        _ => (ulong)random.NextInt64() << random.Next(2),
    };

    private static ReadOnlySpan<ulong> Devices =>
    [
        0x0000_0000, 0x0400_0000, 0x0800_0000, 0x0801_0000, 0x080A_0000, 0x080B_0000, 0x0900_0000, 0x0901_0000,
        0x0902_0000, 0x0903_0000, 0x0A00_0000, 0x0A00_3E00, 0x1000_0000, 0x3EFF_0000, 0x3F00_0000,
    ];

    private uint NextInstruction()
    {
        int kind = random.Next(100);
        return kind switch
        {
            < 30 => OfGroup(A64Group.LoadLiteral, A64Group.MemoryTags),
            < 62 => Any(),
            < 65 => Maintenance[random.Next(Maintenance.Length)] | (uint)random.Next(31),
            < 75 => 0xD500_0000 | (words.NextWord() & 0x003F_FFFF),
            < 80 => MoveOfKnownRegister(),
            < 85 => NearBranch(),
            < 95 => OfGroup(A64Group.ConditionalBranch, A64Group.UnconditionalBranchRegister),
            _ => words.NextWord(),
        };
    }

    /// <summary>Writes of SCTLR, TTBR0, TTBR1, TCR, MAIR, VBAR, of the timers' controls and of the GIC; WFI and relatives; ERET and relatives.</summary>
    private static bool IsFinal(uint word)
    {
        if ((word & 0xFFF0_0000) == 0xD510_0000)
            return ((word >> 5) & 0xFFFF) is 0xC080 or 0xC100 or 0xC101 or 0xC102 or 0xC510 or 0xC600 or 0xDF11 or 0xDF12 or 0xDF19 or 0xDF1A or (>= 0xC640 and <= 0xC67F);
        bool isReturn = (word & 0xFFFF_F000) == 0xD69F_0000;
        bool isWait = word == 0xD503_207F || (word & 0xFFFF_FFC0) == 0xD503_1000;
        return isReturn || isWait;
    }

    private uint Any()
    {
        while (true)
        {
            if (words.TryNext((A64Opcode)random.Next(1, A64Opcodes.Count), out uint word))
                return word;
        }
    }

    private uint OfGroup(A64Group first, A64Group last)
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            A64Opcode opcode = (A64Opcode)random.Next(1, A64Opcodes.Count);
            A64Group group = A64Opcodes.Group(opcode);
            if (group >= first && group <= last && words.TryNext(opcode, out uint word))
                return word;
        }

        return words.NextWord();
    }

    /// <summary>MSR or MRS of what the processor has, so that values get in.</summary>
    private uint MoveOfKnownRegister()
    {
        uint register = KnownRegisters[random.Next(KnownRegisters.Length)];
        uint read = (uint)random.Next(2) << 21;
        return 0xD500_0000 | read | ((register & 0xFFFF) << 5) | (uint)random.Next(31);
    }

    /// <summary>op0:op1:CRn:CRm:op2 of SCTLR, TTBR0, TTBR1, TCR, MAIR, VBAR, CPACR, TPIDR, SPSR, ELR, SP_EL0, DAIF, NZCV, FPCR, FPSR, MDSCR, CONTEXTIDR, timers, ICC_*.</summary>
    private static ReadOnlySpan<ushort> KnownRegisters =>
    [
        0xC080, 0xC100, 0xC101, 0xC102, 0xC510, 0xC600, 0xC082, 0xC684, 0xC200, 0xC201, 0xC208, 0xDA11, 0xDA10, 0xDA20, 0xDA21, 0x8012, 0xC681,
        0xDF19, 0xDF1A, 0xDF11, 0xDF12, 0xC230, 0xC662, 0xC663, 0xC664, 0xC665, 0xC667, 0xC660, 0xC661, 0xC640, 0xC65D, 0xC659,
    ];

    /// <summary>TLBI VMALLE1, VAE1, ASIDE1, VAAE1, VALE1; IC IALLU, IVAU; DC ZVA, CIVAC; AT S1E1R, S1E0W; DSB, ISB (whose register field is fixed: else undefined).</summary>
    private static ReadOnlySpan<uint> Maintenance =>
    [
        0xD508_8700, 0xD508_8720, 0xD508_8740, 0xD508_8760, 0xD508_87A0, 0xD508_7500, 0xD50B_7520, 0xD50B_7420, 0xD50B_7E20, 0xD508_7800, 0xD508_7860,
        0xD503_3F9F, 0xD503_3FDF,
    ];

    private uint NearBranch()
    {
        uint displacement = (uint)random.Next(-64, 64);
        return random.Next(5) switch
        {
            0 => 0x1400_0000 | (displacement & 0x03FF_FFFF),
            1 => 0x9400_0000 | (displacement & 0x03FF_FFFF),
            2 => 0x5400_0000 | ((displacement & 0x7FFFF) << 5) | (uint)random.Next(16),
            3 => 0xB400_0000 | ((displacement & 0x7FFFF) << 5) | (uint)random.Next(31),
            _ => 0xD65F_03C0,
        };
    }

    private void Put32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);

    private void Put64(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(offset), value);
}
