using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Architecture.Tests;

/// <summary>Prints a type as those see it who use it: a line for the type, an indented one for each member that they can name.</summary>
internal static class PublicSurface
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
    };

    /// <summary>The lines of a type. Members that the compiler adds to a record are left out.</summary>
    public static IEnumerable<string> LinesOf(Type type)
    {
        yield return Header(type);
        if (type.IsEnum)
        {
            foreach (FieldInfo value in type.GetFields(BindingFlags.Public | BindingFlags.Static))
                yield return $"    {value.Name} = {Convert.ToString(value.GetRawConstantValue(), CultureInfo.InvariantCulture)}";
            yield break;
        }

        foreach (FieldInfo field in Sorted(type.GetFields(All)).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly))
            yield return "    " + Field(field);
        foreach (ConstructorInfo constructor in type.GetConstructors(All).Where(IsSeen).OrderBy(constructor => Parameters(constructor), StringComparer.Ordinal))
            yield return $"    {Access(constructor)}{type.Name}({Parameters(constructor)})";
        foreach (PropertyInfo property in Sorted(type.GetProperties(All)).Where(property => property.GetAccessors(true).Any(IsSeen) && !IsGenerated(property)))
            yield return "    " + Property(property);
        foreach (EventInfo changed in Sorted(type.GetEvents(All)).Where(changed => IsSeen(changed.AddMethod!)))
            yield return $"    event {Name(new NullabilityInfoContext().Create(changed))} {changed.Name}";
        foreach (string method in type.GetMethods(All).Where(method => IsSeen(method) && !IsAccessor(method) && !IsGenerated(method)).OrderBy(method => method.Name, StringComparer.Ordinal).ThenBy(Parameters, StringComparer.Ordinal).Select(Method))
            yield return "    " + method;
    }

    private static IEnumerable<T> Sorted<T>(IEnumerable<T> members)
        where T : MemberInfo => members.OrderBy(member => member.Name, StringComparer.Ordinal);

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    /// <summary>Accessors of automatic properties are generated too, but are not asked.</summary>
    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name is "EqualityContract" or "PrintMembers" or "<Clone>$";

    private static string Header(Type type)
    {
        bool isRecord = type.GetMethod("<Clone>$", All) is not null || (type.IsValueType && type.GetMethod("PrintMembers", All) is not null);
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? (isRecord ? "record struct" : "struct") : isRecord ? "record" : "class";
        string modifier = type is { IsAbstract: true, IsSealed: true } ? "static " : type is { IsAbstract: true, IsInterface: false } ? "abstract " : type is { IsSealed: false, IsInterface: false } ? "open " : "";
        IEnumerable<Type> bases = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum) ? [parent] : [];
        IEnumerable<Type> own = type.IsEnum ? [] : type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []).Where(inherited => inherited.IsVisible && inherited != typeof(IEquatable<>).MakeGenericType(type));
        string[] above = [.. bases.Select(Name), .. own.Select(Name).Order(StringComparer.Ordinal)];
        return $"{modifier}{kind} {type.FullName}{(above.Length == 0 ? "" : " : " + string.Join(", ", above))}";
    }

    private static string Field(FieldInfo field)
    {
        string type = Name(new NullabilityInfoContext().Create(field));
        return field.IsLiteral
            ? $"const {type} {field.Name} = {Literal(field.GetRawConstantValue())}"
            : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private static string Property(PropertyInfo property)
    {
        string get = property.GetMethod is { } getter && IsSeen(getter) ? "get; " : "";
        bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string set = property.SetMethod is { } setter && IsSeen(setter) ? isInit ? "init; " : "set; " : "";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        MethodInfo accessor = property.GetAccessors(true)[0];
        string indexes = property.GetIndexParameters() is { Length: > 0 } places ? $"[{string.Join(", ", places.Select(Parameter))}]" : "";
        return $"{Access(accessor)}{(accessor.IsStatic ? "static " : "")}{required}{Name(new NullabilityInfoContext().Create(property))} {property.Name}{indexes} {{ {get}{set}}}";
    }

    private static string Method(MethodInfo method)
    {
        string types = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        return $"{Access(method)}{(method.IsStatic ? "static " : "")}{Name(new NullabilityInfoContext().Create(method.ReturnParameter))} {method.Name}{types}({Parameters(method)})";
    }

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string direction = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? parameter.IsIn ? "in " : "ref " : "";
        string value = parameter.HasDefaultValue ? " = " + Literal(parameter.DefaultValue) : "";
        return $"{direction}{Name(new NullabilityInfoContext().Create(parameter))} {parameter.Name}{value}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(NullabilityInfo info)
    {
        Type type = info.Type;
        if (type.IsByRef)
            type = type.GetElementType()!;
        string mark = !type.IsValueType && info.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray && info.ElementType is { } element)
            return Name(element) + "[]" + mark;
        if (!type.IsGenericType || info.GenericTypeArguments.Length != type.GetGenericArguments().Length || Nullable.GetUnderlyingType(type) is not null)
            return Name(type) + mark;
        return Generic(type, info.GenericTypeArguments.Select(Name)) + mark;
    }

    private static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
            return keyword;
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Name(value) + "?";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericType)
            return Generic(type, type.GetGenericArguments().Select(Name));
        return type.Name;
    }

    private static string Generic(Type type, IEnumerable<string> arguments)
    {
        string list = string.Join(", ", arguments);
        return type.IsAssignableTo(typeof(ITuple)) ? $"({list})" : $"{type.Name.Split('`')[0]}<{list}>";
    }
}
