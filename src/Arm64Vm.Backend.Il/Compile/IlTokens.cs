using System.Reflection;
using System.Reflection.Emit;

namespace Arm64Vm.Backend.Il;

/// <summary>The metadata tokens of one method: one for each thing that it names, however often.</summary>
internal sealed class IlTokens
{
    private readonly Dictionary<object, int> tokens = [];
    private DynamicILInfo info = null!;

    public void Reset(DynamicILInfo method)
    {
        info = method;
        tokens.Clear();
    }

    public int Of(MethodInfo method)
    {
        if (tokens.TryGetValue(method, out int token))
            return token;
        Type owner = method.DeclaringType!;
        return tokens[method] = owner.IsGenericType ? info.GetTokenFor(method.MethodHandle, owner.TypeHandle) : info.GetTokenFor(method.MethodHandle);
    }

    public int Of(FieldInfo field)
    {
        if (tokens.TryGetValue(field, out int token))
            return token;
        return tokens[field] = info.GetTokenFor(field.FieldHandle);
    }

    public int Of(Type type)
    {
        if (tokens.TryGetValue(type, out int token))
            return token;
        return tokens[type] = info.GetTokenFor(type.TypeHandle);
    }
}
