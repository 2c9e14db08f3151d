using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Text;

namespace Arm64Vm.Backend.Il;

/// <summary>Writes the IL of one method after another, and on request its text beside it. Its buffers are used again.</summary>
/// <remarks>
/// <see cref="ILGenerator"/> does the same, but what it needed stays for as long as its method does: ten times the memory of the IL, for every method.
/// Branches are long ones; the runtime's compiler does not care. Labels and locals are named in the text by the order in which they first appear.
/// </remarks>
internal sealed class IlWriter(StringBuilder? listing)
{
    private const int Unknown = -1;

    private readonly List<Place> labels = [];
    private readonly List<(int Position, int Label)> branches = [];
    private readonly List<Type> locals = [];
    private readonly Dictionary<int, int> labelNames = [];
    private readonly Dictionary<MethodInfo, int> callEffects = [];
    private readonly IlTokens tokens = new();
    private byte[] code = new byte[4096];
    private DynamicILInfo info = null!;
    private int depth;
    private int maxDepth;

    /// <summary>Where a label is, and how many values are on the stack there.</summary>
    private struct Place
    {
        public int Position;
        public int Depth;
    }

    /// <summary>Bytes of IL so far.</summary>
    public int Offset { get; private set; }

    public void Begin(DynamicMethod method)
    {
        info = method.GetDynamicILInfo();
        tokens.Reset(info);
        labels.Clear();
        branches.Clear();
        locals.Clear();
        labelNames.Clear();
        Offset = depth = maxDepth = 0;
    }

    /// <summary>Gives the method what was written.</summary>
    public void End()
    {
        foreach ((int position, int label) in branches)
        {
            int target = labels[label].Position;
            if (target == Unknown)
                throw new InvalidOperationException($"label {label} is nowhere");
            BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(position), target - (position + sizeof(int)));
        }

        SignatureHelper signature = SignatureHelper.GetLocalVarSigHelper();
        foreach (Type local in locals)
            signature.AddArgument(local);
        info.SetLocalSignature(signature.GetSignature());
        info.SetCode(code.AsSpan(0, Offset).ToArray(), maxDepth);
        info = null!;
    }

    public IlLabel DefineLabel()
    {
        labels.Add(new Place { Position = Unknown, Depth = Unknown });
        return new IlLabel(labels.Count - 1);
    }

    public IlLocal DeclareLocal(Type type)
    {
        locals.Add(type);
        return new IlLocal(type, locals.Count - 1);
    }

    public void MarkLabel(IlLabel label)
    {
        // Reached from above, from a jump, or from both; where only from a later jump, the stack is empty (ECMA-335 III.1.7.5).
        int known = labels[label.Number].Depth;
        Debug.Assert(depth == Unknown || known == Unknown || depth == known, "one depth of the stack at a place");
        depth = depth != Unknown ? depth : Math.Max(known, 0);
        labels[label.Number] = new Place { Position = Offset, Depth = depth };
        listing?.Append('L').Append(NumberOf(label)).Append(":\n");
    }

    public void Emit(OpCode opcode)
    {
        Write(opcode, StackEffect.Of(opcode), 0);
        List(opcode, null);
    }

    public void Emit(OpCode opcode, byte value)
    {
        Write(opcode, StackEffect.Of(opcode), sizeof(byte))[0] = value;
        List(opcode, value);
    }

    public void Emit(OpCode opcode, int value)
    {
        if (opcode != OpCodes.Ldc_I4)
            BinaryPrimitives.WriteInt32LittleEndian(Write(opcode, StackEffect.Of(opcode), sizeof(int)), value);
        else if (value is >= -1 and <= 8)
            Write((byte)(OpCodes.Ldc_I4_0.Value + value), 1);
        else if (value == (sbyte)value)
            Write(OpCodes.Ldc_I4_S, 1, sizeof(sbyte))[0] = (byte)value;
        else
            BinaryPrimitives.WriteInt32LittleEndian(Write(opcode, 1, sizeof(int)), value);
        List(opcode, value);
    }

    public void Emit(OpCode opcode, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Write(opcode, StackEffect.Of(opcode), sizeof(long)), value);
        List(opcode, value);
    }

    public void Emit(OpCode opcode, float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(Write(opcode, StackEffect.Of(opcode), sizeof(float)), value);
        List(opcode, value);
    }

    public void Emit(OpCode opcode, double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Write(opcode, StackEffect.Of(opcode), sizeof(double)), value);
        List(opcode, value);
    }

    public void Emit(OpCode opcode, IlLabel label)
    {
        int effect = StackEffect.Of(opcode);
        int after = Math.Max(depth, 0) + effect;
        Write(opcode, effect, sizeof(int));
        branches.Add((Offset - sizeof(int), label.Number));
        Place place = labels[label.Number];
        Debug.Assert(place.Depth == Unknown || place.Depth == after, "one depth of the stack at a place");
        labels[label.Number] = place with { Depth = after };
        if (opcode.FlowControl != FlowControl.Cond_Branch)
            depth = Unknown;
        if (listing is not null)
            List(opcode, $"L{NumberOf(label)}");
    }

    /// <summary>LDLOC or STLOC, in the shortest form.</summary>
    public void Emit(OpCode opcode, IlLocal local)
    {
        bool loads = opcode == OpCodes.Ldloc;
        int effect = StackEffect.Of(opcode);
        if (local.Index < 4)
            Write((byte)((loads ? OpCodes.Ldloc_0 : OpCodes.Stloc_0).Value + local.Index), effect);
        else if (local.Index <= byte.MaxValue)
            Write(loads ? OpCodes.Ldloc_S : OpCodes.Stloc_S, effect, sizeof(byte))[0] = (byte)local.Index;
        else
            BinaryPrimitives.WriteUInt16LittleEndian(Write(opcode, effect, sizeof(ushort)), (ushort)local.Index);
        if (listing is not null)
            List(opcode, $"{local.Type.Name}_{local.Index}");
    }

    public void Emit(OpCode opcode, Type type)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Write(opcode, StackEffect.Of(opcode), sizeof(int)), tokens.Of(type));
        if (listing is not null)
            List(opcode, type.Name);
    }

    public void Emit(OpCode opcode, FieldInfo field)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Write(opcode, StackEffect.Of(opcode), sizeof(int)), tokens.Of(field));
        if (listing is not null)
            List(opcode, $"{field.DeclaringType!.Name}.{field.Name}");
    }

    public void Emit(OpCode opcode, MethodInfo method)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Write(opcode, EffectOf(method), sizeof(int)), tokens.Of(method));
        if (listing is not null)
            List(opcode, $"{method.DeclaringType!.Name}.{method.Name}");
    }

    /// <summary>The same few methods are called again and again, and each look at their parameters copies them.</summary>
    private int EffectOf(MethodInfo method)
    {
        if (!callEffects.TryGetValue(method, out int effect))
            callEffects[method] = effect = StackEffect.Of(method);
        return effect;
    }

    /// <summary>Writes an opcode; returns room for its operand.</summary>
    private Span<byte> Write(OpCode opcode, int effect, int operandBytes)
    {
        if (opcode.Size == 2)
            Write((byte)(opcode.Value >> 8), 0);
        Write((byte)opcode.Value, effect);
        if (opcode.FlowControl is FlowControl.Return or FlowControl.Throw)
            depth = Unknown;
        Reserve(operandBytes);
        Span<byte> operand = code.AsSpan(Offset, operandBytes);
        Offset += operandBytes;
        return operand;
    }

    private void Write(byte value, int effect)
    {
        Reserve(1);
        code[Offset++] = value;
        if (depth == Unknown)
            depth = 0; // nothing jumps here
        depth += effect;
        maxDepth = Math.Max(maxDepth, depth);
        Debug.Assert(depth >= 0, "something is on the stack");
    }

    private void Reserve(int bytes)
    {
        if (Offset + bytes > code.Length)
            Array.Resize(ref code, code.Length * 2);
    }

    private int NumberOf(IlLabel label)
    {
        if (!labelNames.TryGetValue(label.Number, out int number))
            labelNames[label.Number] = number = labelNames.Count;
        return number;
    }

    private void List(OpCode opcode, object? operand)
    {
        if (listing is null)
            return;
        listing.Append("  ").Append(opcode.Name);
        if (operand is not null)
            listing.Append(' ').AppendFormat(CultureInfo.InvariantCulture, "{0}", operand);
        listing.Append('\n');
    }
}
