using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Architecture.Tests;

/// <summary>Several machines live in one process: nothing of theirs is in a static field.</summary>
public class StaticStateTests
{
    /// <summary>Fields that look mutable and why they are not state of a machine.</summary>
    private static readonly FrozenDictionary<string, string> Exceptions = new Dictionary<string, string>
    {
        ["Arm64Vm.Cpu.Memory.CompareExchange128.s_fallback"] = "a lock for 16-byte accesses on hosts without an atomic one; guards no data of its own",
        ["Arm64Vm.Cli.Verification.VerificationRun.s_tiers"] = "constant table",
        ["Arm64Vm.Cli.Verification.VerificationRun.<TierNames>k__BackingField"] = "constant table",
        ["Arm64Vm.Backend.Il.Crc32Code.s_crc32"] = "constant table",
        ["Arm64Vm.Backend.Il.Crc32Code.s_crc32C"] = "constant table",
        ["Arm64Vm.Backend.Il.FloatMethods.s_double"] = "constant table",
        ["Arm64Vm.Backend.Il.FloatMethods.s_single"] = "constant table",
        ["Arm64Vm.Backend.Il.FloatMethods.<Doubles>k__BackingField"] = "constant table",
        ["Arm64Vm.Backend.Il.FloatMethods.<Singles>k__BackingField"] = "constant table",
        ["Arm64Vm.Machine.Boot.EmbeddedFirmware.s_image"] = "a file of the product, read once and never changed",
        ["Arm64Vm.Machine.Board.PhaseCounters.s_inside"] = "constant table",
        ["Arm64Vm.Cli.Boot.LogNames.s_names"] = "constant table",
        ["Arm64Vm.Cli.Boot.LogNames.<All>k__BackingField"] = "constant table",
    }.ToFrozenDictionary();

    public static TheoryData<string> Layers => [.. Product.Layers];

    [Theory]
    [MemberData(nameof(Layers))]
    public void NoStaticFieldIsWritten(string layer)
    {
        IEnumerable<string> fields = StaticFields(layer).Where(field => !field.IsInitOnly).Select(NameOf);
        Expect.None(fields.Except(Exceptions.Keys));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void NoStaticFieldHoldsAnObjectThatCanChange(string layer)
    {
        IEnumerable<string> fields = StaticFields(layer)
            .Where(field => field.IsInitOnly && !IsImmutable(field.FieldType, []))
            .Select(field => $"{NameOf(field)}");
        Expect.None(fields.Except(Exceptions.Keys));
    }

    [Fact]
    public void EveryExceptionStillExists()
    {
        HashSet<string> all = [.. Product.Layers.SelectMany(StaticFields).Select(NameOf)];
        Expect.None(Exceptions.Keys.Except(all));
    }

    private static string NameOf(FieldInfo field) => $"{field.DeclaringType!.FullName}.{field.Name}";

    private static IEnumerable<FieldInfo> StaticFields(string layer) =>
        Product.AssemblyOf(layer).GetTypes()
            .Where(type => !IsGenerated(type))
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => !field.IsLiteral);

    /// <summary>Caches of lambdas, constant data, and what source generators of the runtime add.</summary>
    private static bool IsGenerated(Type type)
    {
        for (Type? outer = type; outer is not null; outer = outer.DeclaringType)
        {
            if (outer.Name.StartsWith('<') || outer.IsDefined(typeof(CompilerGeneratedAttribute)) || outer.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute)))
                return true;
        }

        return false;
    }

    private static bool IsImmutable(Type type, HashSet<Type> seen)
    {
        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type.IsFunctionPointer || type == typeof(string) || typeof(Delegate).IsAssignableFrom(type) || typeof(MemberInfo).IsAssignableFrom(type) || !seen.Add(type))
            return true;
        if (type.IsArray)
            return false;
        if (type.IsGenericType)
        {
            Type definition = type.GetGenericTypeDefinition();
            bool container = definition == typeof(FrozenDictionary<,>) || definition == typeof(FrozenSet<>) || definition == typeof(ImmutableArray<>)
                || definition == typeof(IReadOnlyList<>) || definition == typeof(IReadOnlySet<>) || definition == typeof(IReadOnlyDictionary<,>);
            if (container)
                return type.GetGenericArguments().All(argument => IsImmutable(argument, seen));
        }

        if (type.Assembly == typeof(object).Assembly)
            return type.IsValueType;
        // A type of the product: a value, or an object all of whose fields are set once.
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .All(field => (type.IsValueType || field.IsInitOnly) && IsImmutable(field.FieldType, seen));
    }
}
