using System.Reflection;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>Names of places in <see cref="GuestContext"/>, those of the back end among them.</summary>
internal static class ContextFields
{
    private static readonly string[] Regimes = ["el0", "el1", "pan"];

    /// <summary>The name of what lies at an offset from the context's start.</summary>
    public static string NameOf(int offset)
    {
        (string? name, int start) = offset switch
        {
            >= GuestContext.XOffset and < GuestContext.XOffset + 256 => (General(offset), offset & ~7),
            >= GuestContext.VOffset and < GuestContext.VOffset + 512 => ($"V{(offset - GuestContext.VOffset) / 16}", offset & ~15),
            >= GuestContext.DirectRegistersOffset and < GuestContext.DirectRegistersOffset + ((int)DirectRegister.Count * 8) => (((DirectRegister)((offset - GuestContext.DirectRegistersOffset) / 8)).ToString(), offset & ~7),
            >= HostContext.GprOffset and < HostContext.XmmOffset => ($"HostGpr{(offset - HostContext.GprOffset) / 8}", offset & ~7),
            >= HostContext.XmmOffset and < HostContext.SaturationOffset => ($"HostXmm{(offset - HostContext.XmmOffset) / 16}", offset & ~15),
            >= HostContext.OperandOffset and < HostContext.OperandOffset + 64 => ($"Operand{(offset - HostContext.OperandOffset) / 16}", offset & ~15),
            >= HostContext.SpillOffset and < HostContext.SpillOffset + (HostContext.SpillSlots * 16) => ($"Spill{(offset - HostContext.SpillOffset) / 16}", offset & ~15),
            >= GuestContext.LoadWindowsOffset and < GuestContext.LoadWindowsOffset + (GuestContext.MmuIndexes * LoadWindow.SizeInBytes) => (Window(offset), offset),
            >= GuestContext.TlbOffset and < GuestContext.FetchTlbOffset => (Tlb(offset), offset - ((offset - GuestContext.TlbOffset) % GuestContext.TlbBytes)),
            >= GuestContext.FetchTlbOffset and < GuestContext.OuterTlbOffset => ("FetchTlb", GuestContext.FetchTlbOffset),
            >= GuestContext.ExitOffset and < GuestContext.ExitOffset + ExitLayout.Resume + 8 => Exit(offset),
            _ => Field(offset),
        };
        return offset == start ? name : $"{name}+{offset - start}";
    }

    private static string General(int offset)
    {
        int register = (offset - GuestContext.XOffset) / 8;
        return register == 31 ? "SP" : $"X{register}";
    }

    private static string Tlb(int offset)
    {
        int table = (offset - GuestContext.TlbOffset) / GuestContext.TlbBytes;
        return $"{((table & 1) != 0 ? "Write" : "Read")}Tlb.{Regimes[table / 2]}";
    }

    private static string Window(int offset)
    {
        int place = offset - GuestContext.LoadWindowsOffset;
        string field = (place % LoadWindow.SizeInBytes) switch
        {
            LoadWindow.FirstOffset => "first",
            LoadWindow.LimitOffset => "limit",
            LoadWindow.DeltaOffset => "delta",
            int other => $"{other}",
        };
        return $"Window.{Regimes[place / LoadWindow.SizeInBytes]}.{field}";
    }

    private static (string Name, int Start) Exit(int offset)
    {
        FieldInfo field = typeof(ExitRecord).GetFields().Last(f => GuestContext.ExitOffset + (int)Marshal.OffsetOf<ExitRecord>(f.Name) <= offset);
        return ("Exit." + field.Name, GuestContext.ExitOffset + (int)Marshal.OffsetOf<ExitRecord>(field.Name));
    }

    private static (string Name, int Start) Field(int offset)
    {
        FieldInfo field = new[] { typeof(GuestContext), typeof(HostContext) }
            .SelectMany(type => type.GetFields(BindingFlags.Instance | BindingFlags.Public))
            .Where(f => Offset(f) <= offset && f.Name is not (nameof(GuestContext.BackEndWords) or nameof(GuestContext.BackEndArea)))
            .MaxBy(Offset)!;
        return (field.Name, Offset(field));
    }

    private static int Offset(FieldInfo field) => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value;
}
