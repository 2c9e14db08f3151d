using System.Reflection.Emit;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>What <see cref="IlWriter"/> writes runs as what was asked for.</summary>
public sealed class IlWriterTests
{
    private readonly IlWriter il = new(null);

    private Func<int, long> Method(Action body)
    {
        var method = new DynamicMethod("test", typeof(long), [typeof(int)], typeof(IlWriter).Module, skipVisibility: true);
        il.Begin(method);
        body();
        il.End();
        return method.CreateDelegate<Func<int, long>>();
    }

    [Theory]
    [InlineData(int.MinValue)]
    [InlineData(-129)]
    [InlineData(-128)]
    [InlineData(-2)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(int.MaxValue)]
    public void ConstantsHaveTheirValueInEveryForm(int value)
    {
        Func<int, long> method = Method(() =>
        {
            il.Emit(OpCodes.Ldc_I4, value);
            il.Emit(OpCodes.Conv_I8);
            il.Emit(OpCodes.Ret);
        });
        Assert.Equal(value, method(0));
    }

    [Fact]
    public void LocalsHaveShortAndLongForms()
    {
        const int Count = 300;
        Func<int, long> method = Method(() =>
        {
            var locals = new IlLocal[Count];
            for (int i = 0; i < Count; i++)
            {
                locals[i] = il.DeclareLocal(typeof(long));
                il.Emit(OpCodes.Ldc_I8, (long)i);
                il.Emit(OpCodes.Stloc, locals[i]);
            }

            il.Emit(OpCodes.Ldc_I8, 0L);
            foreach (IlLocal local in locals)
            {
                il.Emit(OpCodes.Ldloc, local);
                il.Emit(OpCodes.Add);
            }

            il.Emit(OpCodes.Ret);
        });
        Assert.Equal(Count * (Count - 1) / 2, method(0));
    }

    [Fact]
    public void BranchesGoForwardAndBackward()
    {
        Func<int, long> sumTo = Method(() =>
        {
            IlLocal sum = il.DeclareLocal(typeof(int)), left = il.DeclareLocal(typeof(int));
            IlLabel again = il.DefineLabel(), done = il.DefineLabel();
            il.Emit(OpCodes.Ldc_I4, 0);
            il.Emit(OpCodes.Stloc, sum);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Stloc, left);
            il.MarkLabel(again);
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Brfalse, done);
            il.Emit(OpCodes.Ldloc, sum);
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, sum);
            il.Emit(OpCodes.Ldloc, left);
            il.Emit(OpCodes.Ldc_I4, 1);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Stloc, left);
            il.Emit(OpCodes.Br, again);
            il.MarkLabel(done);
            il.Emit(OpCodes.Ldloc, sum);
            il.Emit(OpCodes.Conv_I8);
            il.Emit(OpCodes.Ret);
        });
        Assert.Equal(5050, sumTo(100));
    }

    /// <summary>Both ways to a label leave a value on the stack, below which another one waits.</summary>
    [Fact]
    public void ValuesStayOnTheStackAcrossLabels()
    {
        Func<int, long> method = Method(() =>
        {
            IlLabel other = il.DefineLabel(), both = il.DefineLabel();
            il.Emit(OpCodes.Ldc_I4, 1000);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Brtrue, other);
            il.Emit(OpCodes.Ldc_I4, 1);
            il.Emit(OpCodes.Br, both);
            il.MarkLabel(other);
            il.Emit(OpCodes.Ldc_I4, 2);
            il.MarkLabel(both);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Conv_I8);
            il.Emit(OpCodes.Ret);
        });
        Assert.Equal(1001, method(0));
        Assert.Equal(1002, method(1));
    }

    [Fact]
    public void TheWriterIsUsedForOneMethodAfterAnother()
    {
        Func<int, long> first = Method(() => Return(1, useLabel: true));
        Func<int, long> second = Method(() => Return(2, useLabel: false));
        Assert.Equal((1L, 2L), (first(0), second(0)));
    }

    [Fact]
    public void ALabelThatIsNowhereIsAnError() => Assert.Throws<InvalidOperationException>(() => Method(() => il.Emit(OpCodes.Br, il.DefineLabel())));

    private void Return(long value, bool useLabel)
    {
        if (useLabel)
        {
            IlLabel label = il.DefineLabel();
            il.Emit(OpCodes.Br, label);
            il.MarkLabel(label);
        }

        il.Emit(OpCodes.Ldc_I8, value);
        il.Emit(OpCodes.Ret);
    }
}
