using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Text;

namespace Arm64Vm.Backend.Il;

/// <summary>Writes IL instructions, and on request their text beside them.</summary>
/// <remarks>Labels and locals are named in the text by the order in which they first appear.</remarks>
internal sealed class IlWriter(ILGenerator il, StringBuilder? listing)
{
    private readonly Dictionary<Label, int> labels = [];

    /// <summary>Bytes of IL so far.</summary>
    public int Offset => il.ILOffset;

    public Label DefineLabel() => il.DefineLabel();

    public LocalBuilder DeclareLocal(Type type) => il.DeclareLocal(type);

    public void MarkLabel(Label label)
    {
        il.MarkLabel(label);
        listing?.Append('L').Append(NumberOf(label)).Append(":\n");
    }

    public void Emit(OpCode code)
    {
        il.Emit(code);
        List(code, null);
    }

    public void Emit(OpCode code, byte value)
    {
        il.Emit(code, value);
        List(code, value);
    }

    public void Emit(OpCode code, int value)
    {
        il.Emit(code, value);
        List(code, value);
    }

    public void Emit(OpCode code, long value)
    {
        il.Emit(code, value);
        List(code, value);
    }

    public void Emit(OpCode code, float value)
    {
        il.Emit(code, value);
        List(code, value);
    }

    public void Emit(OpCode code, double value)
    {
        il.Emit(code, value);
        List(code, value);
    }

    public void Emit(OpCode code, Label label)
    {
        il.Emit(code, label);
        if (listing is not null)
            List(code, $"L{NumberOf(label)}");
    }

    public void Emit(OpCode code, LocalBuilder local)
    {
        il.Emit(code, local);
        if (listing is not null)
            List(code, $"{local.LocalType.Name}_{local.LocalIndex}");
    }

    public void Emit(OpCode code, Type type)
    {
        il.Emit(code, type);
        if (listing is not null)
            List(code, type.Name);
    }

    public void Emit(OpCode code, FieldInfo field)
    {
        il.Emit(code, field);
        if (listing is not null)
            List(code, $"{field.DeclaringType!.Name}.{field.Name}");
    }

    public void Emit(OpCode code, MethodInfo method)
    {
        il.Emit(code, method);
        if (listing is not null)
            List(code, $"{method.DeclaringType!.Name}.{method.Name}");
    }

    private int NumberOf(Label label)
    {
        if (!labels.TryGetValue(label, out int number))
            labels[label] = number = labels.Count;
        return number;
    }

    private void List(OpCode code, object? operand)
    {
        if (listing is null)
            return;
        listing.Append("  ").Append(code.Name);
        if (operand is not null)
            listing.Append(' ').AppendFormat(CultureInfo.InvariantCulture, "{0}", operand);
        listing.Append('\n');
    }
}
