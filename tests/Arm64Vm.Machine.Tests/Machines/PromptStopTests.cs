namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Requests from outside, interrupts and pauses alike, are seen soon in every kind of endless loop.</summary>
public class PromptStopTests
{
    public static TheoryData<string, uint[]> Loops => new()
    {
        { "b .", [0x1400_0000] },
        { "straight code and a branch back", [.. Enumerable.Repeat(0x9100_0400u, 200), 0x17FF_FFFF - 199] },
        { "cbz xzr, .", [0xB400_001F] },
        { "tbz xzr, #0, .", [0x3600_001F] },
        { "br to itself", [0x1000_0000, 0xD61F_0000] },
        { "bl and ret", [0x9400_0002, 0x17FF_FFFF, 0xD65F_03C0] },
        { "between pages", [0x1400_0400, .. Enumerable.Repeat(0xD503_201Fu, 1023), 0x17FF_FC00] },
        { "wfe", [0xD503_205F, 0x17FF_FFFF] },
        { "yield", [0xD503_203F, 0x17FF_FFFF] },
    };

    [Theory]
    [MemberData(nameof(Loops))]
    public async Task ALoopIsLeft(string name, uint[] words)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("x").Add(words), ExecutionBackend.Auto));
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("x", TestMachine.Patience);
        for (var i = 0; i < 3; i++)
        {
            await machine.PauseAsync().WaitAsync(TestMachine.Patience);
            Assert.True(machine.State == RunState.Paused, name);
            machine.Resume();
        }

        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    /// <summary>The processor's thread may not have noticed that it was resumed when it is to stand still again.</summary>
    [Fact]
    public async Task APauseRightAfterAResumeIsNotLost()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("x").Add(0x1400_0000), ExecutionBackend.Auto));
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("x", TestMachine.Patience);
        for (var i = 0; i < 2000; i++)
        {
            await machine.PauseAsync().WaitAsync(TestMachine.Patience);
            Assert.Equal(RunState.Paused, machine.State);
            machine.Resume();
        }

        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }
}
