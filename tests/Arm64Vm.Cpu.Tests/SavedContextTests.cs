using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>What a save carries of the context that guest code works on: each field is either architectural and saved, or named here with what makes it anew.</summary>
public unsafe class SavedContextTests
{
    private static readonly Dictionary<string, string> s_derived = new()
    {
        [nameof(GuestContext.PcPage)] = "from PC, when guest code is entered",
        [nameof(GuestContext.Poll)] = "requests of the moment",
        [nameof(GuestContext.BackEndWords)] = "from FPCR, predictions, and where the executor's code lies; exceptions of the host's floating point are in FPSR before a save",
        [nameof(GuestContext.BackEndArea)] = "an exit in progress; deferred flags and saturations are settled before a save",
        [nameof(GuestContext.ContextTag)] = "from the translation controls, at the next fetch",
        [nameof(GuestContext.Shootdowns)] = "other processors' progress; a machine that is saved stands",
        [nameof(GuestContext.PendingInterrupts)] = "lines, which devices drive anew",
        [nameof(GuestContext.Instructions)] = "a statistic",
        [nameof(GuestContext.Events)] = "a statistic",
        [nameof(GuestContext.Exit)] = "an exit in progress",
        [nameof(GuestContext.Exclusive)] = "clear after a restore, which guests must expect (Arm ARM B2.17)",
        [nameof(GuestContext.Counter)] = "from the clock's relation to the host's counter",
        [nameof(GuestContext.LoadWindows)] = "from the translation tables, at the next fetch",
        [nameof(GuestContext.PointerCodes)] = "from the keys and the translation controls",
    };

    /// <summary>Of PSTATE, of the processor, and copies of system registers.</summary>
    private static readonly DirectRegister[] s_derivedDirect =
    [
        DirectRegister.InterruptMask, DirectRegister.ZeroBlockId0, DirectRegister.ZeroBlockId1, DirectRegister.CacheType,
        DirectRegister.SystemControl1, DirectRegister.TranslationControl1, DirectRegister.TranslationBase0, DirectRegister.TranslationBase1,
    ];

    public static TheoryData<string> Fields => [.. AllFields().Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Fields))]
    public void AFieldIsSavedOrMadeAnew(string name)
    {
        FieldInfo field = AllFields().Single(field => field.Name == name);
        using var first = new TestMachine();
        using var second = new TestMachine();
        Span<byte> mine = Bytes(first.Cpu.Context, field);
        byte[] before = mine.ToArray();
        mine.Fill(1);
        if (name == nameof(GuestContext.Nzcv))
            first.Cpu.Context->Nzcv = 0xA000_0000;
        else if (name is nameof(GuestContext.BranchType) or nameof(GuestContext.Fpcr) or nameof(GuestContext.Fpsr))
            MemoryMarshal.Write(mine, name == nameof(GuestContext.Fpcr) ? 0x0040_0000u : 1u);
        byte[] changed = mine.ToArray();
        second.Cpu.Restore(first.Cpu.Save());
        if (name == nameof(GuestContext.Direct))
            Array.ForEach(s_derivedDirect, one => Bytes(second.Cpu.Context, field).Slice((int)one * sizeof(ulong), sizeof(ulong)).CopyTo(changed.AsSpan((int)one * sizeof(ulong))));
        bool isSaved = Bytes(second.Cpu.Context, field).SequenceEqual(changed);
        before.CopyTo(mine);
        Assert.NotEqual(before, changed);
        Assert.True(isSaved != s_derived.ContainsKey(name), isSaved ? $"{name} is saved, and listed as derived" : $"{name} is neither saved nor listed as derived");
    }

    [Fact]
    public void EveryListedFieldExists() => Assert.Empty(s_derived.Keys.Except(AllFields().Select(field => field.Name)));

    private static FieldInfo[] AllFields() => typeof(GuestContext).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    private static Span<byte> Bytes(GuestContext* context, FieldInfo field)
    {
        int size = (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(field.FieldType).Invoke(null, null)!;
        return new Span<byte>((byte*)context + field.GetCustomAttribute<FieldOffsetAttribute>()!.Value, size);
    }
}
