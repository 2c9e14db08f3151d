using System.Reflection;
using System.Reflection.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>
/// Forms of vector values: those that are scalars are kept as such, so that the runtime's compiler sees plain floating-point arithmetic. A vector register of which
/// the region reads and writes only one double, or only one single, has a local of that type; the context always gets all 128 bits.
/// </summary>
internal sealed partial class IlCompiler
{
    /// <summary>How a value of type V128 is held. All bits above a scalar are zero, or not looked at.</summary>
    private enum Form : byte
    {
        Vector,
        Single,
        Double,
    }

    private const int VectorRegisters = 32;

    private readonly Form[] forms = new Form[IrRegion.MaxInstructions];
    private readonly SemanticMethod?[] semantics = new SemanticMethod?[IrRegion.MaxInstructions];
    private readonly Form[] registerForms = new Form[VectorRegisters];

    private static Form ScalarOf(int size) => size == 8 ? Form.Double : size == 4 ? Form.Single : Form.Vector;

    private static Form FormOf(Type type) => type == typeof(double) ? Form.Double : type == typeof(float) ? Form.Single : Form.Vector;

    private static Type TypeOf(Form form) => form switch { Form.Double => typeof(double), Form.Single => typeof(float), _ => Methods.Vector };

    /// <summary>The type of a value's local.</summary>
    private Type LocalTypeOf(int value) => region[value].Type == IrType.V128 ? TypeOf(forms[value]) : TypeOf(region[value].Type);

    /// <summary>Finds the semantics of every operation, then forms: registers are taken for doubles, for singles, and at last for vectors, until nothing contradicts.</summary>
    private void PrepareForms()
    {
        for (int i = 1; i < region.Count; i++)
            semantics[i] = region[i].Op >= IrOp.VectorFirst ? methods.Semantics(region[i], mode.Fpcr) : null;
        Array.Fill(registerForms, Form.Double);
        while (!TryForms())
        {
        }
    }

    private bool TryForms()
    {
        bool agrees = true;
        for (int i = 1; i < region.Count; i++)
        {
            ref IrInst inst = ref region[i];
            forms[i] = inst.Type == IrType.V128 ? FormOf(inst, i) : Form.Vector;
            if (inst.Op == IrOp.SetV)
            {
                Form form = registerForms[inst.Aux];
                if (form != Form.Vector && forms[inst.A] != form && !IsScalarConstant(inst.A, form))
                    agrees = Demote(inst.Aux);
            }

            agrees &= CheckRead(inst, i, 0, inst.A) & CheckRead(inst, i, 1, inst.B) & CheckRead(inst, i, 2, inst.C);
        }

        return agrees;
    }

    /// <summary>False where a register that is taken for a scalar is read in another way.</summary>
    private bool CheckRead(in IrInst inst, int index, int operand, int value)
    {
        return value == 0 || forms[value] == Form.Vector || Accepts(inst, index, operand, forms[value]) || DemoteSource(value);
    }

    /// <summary>What was read from a register may have something above the scalar, and all of it is wanted; above results of operations are zeros.</summary>
    private bool DemoteSource(int value)
    {
        ref IrInst inst = ref region[value];
        return inst.Op switch
        {
            IrOp.GetV => Demote(inst.Aux),
            IrOp.Select => DemoteSource(inst.A) & DemoteSource(inst.B),
            _ => true,
        };
    }

    private bool Demote(int register)
    {
        registerForms[register] = registerForms[register] == Form.Double ? Form.Single : Form.Vector;
        return false;
    }

    private Form FormOf(in IrInst inst, int index)
    {
        switch (inst.Op)
        {
            case IrOp.GetV:
                return registerForms[inst.Aux];
            case IrOp.Load or IrOp.LoadPair:
                return ScalarOf(inst.Size);
            case IrOp.Second:
                return forms[inst.A];
            case IrOp.Select:
                return forms[inst.A] == forms[inst.B] ? forms[inst.A] : Form.Vector;
            default:
                if (IsScalarMove(inst))
                    return ScalarOf(inst.Size);
                return semantics[index] is { } semantic ? FormOf(semantic.Result) : Form.Vector;
        }
    }

    /// <summary>Moves and changes of sign, which need no more than the scalar.</summary>
    private static bool IsScalarMove(in IrInst inst) =>
        inst.Op is IrOp.VectorClearAbove or IrOp.FloatAbs or IrOp.FloatNeg && inst.Shape == VectorShape.Scalar && inst.Size >= 4;

    private bool Accepts(in IrInst inst, int index, int operand, Form form)
    {
        switch (inst.Op)
        {
            case IrOp.Store or IrOp.StorePair:
                return operand != 0 && ScalarOf(inst.Size) == form;
            case IrOp.Select:
                return operand == 2 || (forms[inst.A] == form && forms[inst.B] == form);
            case IrOp.VectorExtractElementUnsigned:
                return inst.Aux == 0 && ScalarOf(inst.Size) == form;
            default:
                if (IsScalarMove(inst))
                    return ScalarOf(inst.Size) == form;
                return semantics[index] is { } semantic && semantic.OperandType(operand) is { } type && FormOf(type) == form;
        }
    }

    /// <summary>A constant with nothing above the scalar. Constants that are NaNs stay bits, for their payloads.</summary>
    private bool IsScalarConstant(int value, Form form)
    {
        ref IrInst inst = ref region[value];
        if (inst.Op != IrOp.VectorConst || (inst.Shape == VectorShape.Q && inst.Imm != 0))
            return false;
        return form == Form.Double
            ? !double.IsNaN(BitConverter.UInt64BitsToDouble(inst.Imm))
            : inst.Imm <= uint.MaxValue && !float.IsNaN(BitConverter.UInt32BitsToSingle((uint)inst.Imm));
    }

    /// <summary>Pushes the scalar in lane 0 of a value.</summary>
    private void PushScalar(int value, Form form)
    {
        if (IsScalarConstant(value, form))
        {
            PushFloatConstant(region[value].Imm, form);
            return;
        }

        if (forms[value] == form)
        {
            il.Emit(OpCodes.Ldloc, LocalOf(value));
            return;
        }

        Push(value);
        Call(form == Form.Double ? Methods.ToDouble : Methods.ToSingle);
    }

    private void PushFloatConstant(ulong bits, Form form)
    {
        if (form == Form.Double)
            il.Emit(OpCodes.Ldc_R8, BitConverter.UInt64BitsToDouble(bits));
        else
            il.Emit(OpCodes.Ldc_R4, BitConverter.UInt32BitsToSingle((uint)bits));
    }

    private IlLocal LocalOf(int value) => values[value].Alias != 0 ? AliasLocal(region[value]) : values[value].Local!;

    /// <summary>Makes a vector of a scalar on the stack, to be stored.</summary>
    private void Widen(Form form)
    {
        if (form != Form.Vector)
            Call(form == Form.Double ? Methods.FromDouble : Methods.FromSingle);
    }

    /// <summary>Makes a vector of a scalar on the stack, for vector operations.</summary>
    /// <remarks>By way of its bits: lanes read as integers from a vector made of a float came out as zero (.NET 10.0; VectorOperationsAgreeWithTheOracle shows it).</remarks>
    private void WidenBits(Form form)
    {
        if (form == Form.Vector)
            return;
        Call(form == Form.Double ? FloatMethods.Bits64 : FloatMethods.Bits32);
        Call(form == Form.Double ? Methods.FromWide : Methods.FromNarrow);
    }
}
