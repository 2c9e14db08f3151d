using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Arm64Vm.Architecture.Tests;

/// <summary>The scheduler's run path neither locks nor blocks: read from the compiled code, so that no spelling escapes.</summary>
public class NonBlockingTests
{
    /// <summary>Where a worker sleeps because it has nothing to do, and where workers are ended.</summary>
    private static readonly string[] MayBlock = ["FutexSleeper", "EventSleeper", "Scheduler.Dispose", "Scheduler.End"];

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    [Fact]
    public void TheSchedulerNeitherLocksNorBlocks()
    {
        List<string> found = [];
        int calls = 0;
        foreach (MethodBase method in Methods("Arm64Vm.Scheduling"))
        {
            string place = $"{method.DeclaringType!.Name.Split('`')[0]}.{method.Name}";
            foreach (MethodBase callee in Callees(method))
            {
                calls++;
                if (IsBlocking(callee) && !MayBlock.Any(allowed => place == allowed || method.DeclaringType.Name == allowed))
                    found.Add($"{place} calls {callee.DeclaringType!.Name}.{callee.Name}");
            }
        }

        Assert.True(calls > 200, "the calls were not read");
        Expect.None(found);
    }

    /// <summary>The reader would notice.</summary>
    [Fact]
    public void ALockIsNoticed()
    {
        MethodInfo method = typeof(NonBlockingTests).GetMethod(nameof(Locks), BindingFlags.NonPublic | BindingFlags.Static)!;
        Assert.Equal(2, Callees(method).Count(IsBlocking));
    }

    private static void Locks(object gate)
    {
        lock (gate)
            Thread.Sleep(0);
    }

    private static bool IsBlocking(MethodBase callee)
    {
        Type? type = callee.DeclaringType;
        if (type is null)
            return false;
        bool locks = type == typeof(Monitor) || type == typeof(Lock) || type == typeof(SpinLock) || type == typeof(SemaphoreSlim) || type == typeof(ManualResetEventSlim)
            || type == typeof(ReaderWriterLockSlim) || type == typeof(Barrier) || type == typeof(CountdownEvent) || typeof(WaitHandle).IsAssignableFrom(type);
        bool waits = (type == typeof(Thread) && callee.Name is nameof(Thread.Sleep) or nameof(Thread.Join) or nameof(Thread.SpinWait))
            || (typeof(Task).IsAssignableFrom(type) && callee.Name is nameof(Task.Wait) or nameof(Task.WaitAll) or nameof(Task.WaitAny) or "get_Result");
        bool leaves = locks && callee.Name is nameof(Monitor.Exit) or nameof(IDisposable.Dispose);
        return (locks && !leaves) || waits;
    }

    private static IEnumerable<MethodBase> Methods(string assembly)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return Assembly.Load(assembly).GetTypes().SelectMany(type => type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)));
    }

    private static IEnumerable<MethodBase> Callees(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        Type[] ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : [];
        Type[] ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE)
                value = unchecked((short)(0xFE00 | code[at++]));
            OpCode opCode = OpCodesByValue[value];
            if (opCode.OperandType == OperandType.InlineMethod && method.Module.ResolveMethod(BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at)), ofType, ofMethod) is { } callee)
                yield return callee;
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at))),
                _ => 4,
            };
        }
    }
}
