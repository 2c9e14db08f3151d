namespace Arm64Vm.Scheduling.Tests;

public class StateMachineTests
{
    public static TheoryData<object> All => [.. Enum.GetValues<EntityState>().Cast<object>()];

    /// <summary>Every operation from every state: it either does nothing or makes a transition of the table.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void OperationsMakeOnlyTransitionsOfTheTable(object fromCase)
    {
        var from = (EntityState)fromCase;
        Check(from, (ref int word) => StateMachine<NoPoints>.TryWake(ref word));
        Check(from, (ref int word) => StateMachine<NoPoints>.TryPark(ref word));
        Check(from, (ref int word) => StateMachine<NoPoints>.Leave(ref word, EntityState.Queued));
        Check(from, (ref int word) => StateMachine<NoPoints>.Leave(ref word, EntityState.Finished));
    }

    [Theory]
    [InlineData(EntityState.Parked, true, EntityState.Queued)]
    [InlineData(EntityState.Running, false, EntityState.RunningWoken)]
    [InlineData(EntityState.RunningWoken, false, EntityState.RunningWoken)]
    [InlineData(EntityState.Queued, false, EntityState.Queued)]
    [InlineData(EntityState.Throttled, false, EntityState.Throttled)]
    [InlineData(EntityState.Finished, false, EntityState.Finished)]
    [InlineData(EntityState.Created, false, EntityState.Created)]
    public void WakingHandsOutParkedEntitiesOnly(object fromCase, bool isHandedOut, object toCase)
    {
        var from = (EntityState)fromCase;
        var to = (EntityState)toCase;
        var word = (int)from;
        Assert.Equal(isHandedOut, StateMachine<NoPoints>.TryWake(ref word));
        Assert.Equal(to, (EntityState)word);
    }

    [Fact]
    public void WhatWasWokenWhileItRanDoesNotPark()
    {
        var word = (int)EntityState.Running;
        StateMachine<NoPoints>.TryWake(ref word);
        Assert.False(StateMachine<NoPoints>.TryPark(ref word));
        Assert.Equal(EntityState.Queued, (EntityState)word);
    }

    private delegate void Operation(ref int word);

    private static void Check(EntityState from, Operation operation)
    {
        var word = (int)from;
        try
        {
            operation(ref word);
        }
        catch (InvalidOperationException)
        {
            // Not the owner's state: refused, and nothing changed.
            Assert.Equal(from, (EntityState)word);
            return;
        }

        var to = (EntityState)word;
        Assert.True(to == from || StateMachine<NoPoints>.Allows(from, to), $"{from} to {to}");
    }
}
