using System.Text;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Iced.Intel;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>What a record behind a call asks for, in words.</summary>
internal static class SlowRecordText
{
    /// <summary>The jump that asks for a link.</summary>
    public static string Of(in LinkSite site) => $"  {{Link to +0x{site.TargetOffset:x}{(site.IsFar ? " of another page" : string.Empty)}}}";

    public static string Of(TranslationCache cache, in SlowDescriptor record)
    {
        StringBuilder text = new($"  {{{record.Kind}");
        bool vector = record.Type == IrType.V128;
        switch (record.Kind)
        {
            case SlowKind.Pure:
                text.Append(' ').Append(IrPrinter.Print(cache.PureOperation(record.Index), 0).Replace("%0 = ", string.Empty, StringComparison.Ordinal));
                break;
            case SlowKind.ReadSystem or SlowKind.WriteSystem or SlowKind.SystemOperation or SlowKind.WritePState or SlowKind.PointerAuth:
                text.Append($" 0x{record.Index:x}");
                break;
            default:
                text.Append($" {record.Size} bytes");
                break;
        }

        if (record.Aux != 0)
            text.Append($" aux 0x{record.Aux:x}");
        Append(text, " -> ", record.Destination, vector);
        Append(text, ", ", record.Destination2, vector);
        Append(text, " <- ", record.Source, vector);
        Append(text, ", ", record.Source2, vector);
        return text.Append('}').ToString();
    }

    private static void Append(StringBuilder text, string before, byte register, bool vector)
    {
        if (register == SlowDescriptor.NoRegister)
            return;
        Register first = vector ? Register.XMM0 : Register.RAX;
        text.Append(before).Append((first + register).ToString().ToLowerInvariant());
    }
}
