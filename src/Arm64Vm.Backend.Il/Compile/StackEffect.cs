using System.Reflection;
using System.Reflection.Emit;

namespace Arm64Vm.Backend.Il;

/// <summary>How many values an IL instruction leaves on the evaluation stack more than it takes (ECMA-335 III.1.7.5).</summary>
internal static class StackEffect
{
    /// <summary>Of an instruction whose effect its code tells. RET takes the result that every compiled method has.</summary>
    public static int Of(OpCode code) => code == OpCodes.Ret ? -1 : Pushed(code.StackBehaviourPush) - Popped(code.StackBehaviourPop);

    /// <summary>Of a call.</summary>
    public static int Of(MethodInfo method)
    {
        int taken = method.GetParameters().Length + (method.IsStatic ? 0 : 1);
        return (method.ReturnType == typeof(void) ? 0 : 1) - taken;
    }

    private static int Pushed(StackBehaviour behaviour) => behaviour switch
    {
        StackBehaviour.Push0 => 0,
        StackBehaviour.Push1 or StackBehaviour.Pushi or StackBehaviour.Pushi8 or StackBehaviour.Pushr4 or StackBehaviour.Pushr8 or StackBehaviour.Pushref => 1,
        StackBehaviour.Push1_push1 => 2,
        _ => throw new NotSupportedException(behaviour.ToString()),
    };

    private static int Popped(StackBehaviour behaviour) => behaviour switch
    {
        StackBehaviour.Pop0 => 0,
        StackBehaviour.Pop1 or StackBehaviour.Popi or StackBehaviour.Popref => 1,
        StackBehaviour.Pop1_pop1 or StackBehaviour.Popi_pop1 or StackBehaviour.Popi_popi or StackBehaviour.Popi_popi8 or StackBehaviour.Popi_popr4
            or StackBehaviour.Popi_popr8 or StackBehaviour.Popref_pop1 or StackBehaviour.Popref_popi => 2,
        StackBehaviour.Popi_popi_popi or StackBehaviour.Popref_popi_popi or StackBehaviour.Popref_popi_popi8 or StackBehaviour.Popref_popi_popr4
            or StackBehaviour.Popref_popi_popr8 or StackBehaviour.Popref_popi_popref or StackBehaviour.Popref_popi_pop1 => 3,
        _ => throw new NotSupportedException(behaviour.ToString()),
    };
}
