using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Records keep their numbers, places and contents, and nothing but a record can be reached.</summary>
public class RecordTableTests
{
    [Fact]
    public void RecordsStayWhereTheyAre()
    {
        const int Records = 100_000;
        using var table = new RecordTable<long>(Records);
        table.Add();
        ref long first = ref table[0];
        for (int number = 1; number < Records; number++)
        {
            Assert.Equal(number, table.Add());
            table[number] = number;
        }

        first = -1;
        Assert.Equal(-1, table[0]);
        Assert.Equal(Records, table.Records.Length);
        for (int number = 1; number < Records; number++)
            Assert.Equal(number, table.Records[number]);
        Assert.Throws<InvalidOperationException>(() => table.Add());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public void NoRecordIsNotReached(int number)
    {
        using var table = new RecordTable<long>(1000);
        for (int i = 0; i < 3; i++)
            table.Add();
        Assert.Throws<ArgumentOutOfRangeException>(() => table[number]);
    }

    [Fact]
    public void RecordsThatAreGivenBackAreNewOnes()
    {
        using var table = new RecordTable<long>(1_000_000);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 50_000; i++)
            {
                int number = table.Add();
                Assert.Equal(0, table[number]);
                table[number] = 5;
            }

            table.GiveBack();
            Assert.Equal(0, table.Count);
            Assert.Throws<ArgumentOutOfRangeException>(() => table[0]);
        }
    }

    [Fact]
    public void WhatIsDisposedHasNoRecords()
    {
        var table = new RecordTable<long>(10);
        table.Add();
        table.Dispose();
        Assert.Throws<ArgumentOutOfRangeException>(() => table[0]);
        Assert.True(table.Records.IsEmpty);
    }
}
