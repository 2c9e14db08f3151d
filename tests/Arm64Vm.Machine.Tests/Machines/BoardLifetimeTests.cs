namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Others look into a machine, and type, at any moment: also between two power-ons, and after a reset that failed.</summary>
public sealed class BoardLifetimeTests
{
    private const ulong SomeRam = 0x4100_0000;

    [Fact]
    public async Task AMachineWhoseResetFailedCanBeLookedAt()
    {
        var kernel = Path.GetTempFileName();
        await File.WriteAllBytesAsync(kernel, new TestProgram().Print("up").EchoUntil('.').Reset().ToElf(), TestContext.Current.CancellationToken);
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram()) with { Kernel = kernel, HasVirtioConsole = true });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("up", TestMachine.Patience);
        Assert.True(machine.TryReadMemory(SomeRam, new byte[16]));
        File.Delete(kernel);
        machine.Console.Type(".");
        await Assert.ThrowsAsync<FileNotFoundException>(() => run.WaitAsync(TestMachine.Patience));

        Assert.Equal(RunState.Ended, machine.State);
        Assert.False(machine.TryReadMemory(SomeRam, new byte[16]));
        Assert.False(machine.TryWriteMemory(SomeRam, new byte[16]));
        Assert.Equal((1, 0ul), (machine.GetStatistics().Resets, machine.GetStatistics().Interrupts));
        Assert.Null(machine.GetUsage().Translation);
        Assert.Null(machine.CaptureScreen());
        machine.TimeTranslations();
        Assert.Throws<InvalidOperationException>(machine.ReadRegisters);
        Assert.Throws<InvalidOperationException>(() => machine.WritePc(0));
        Assert.NotEqual(0, machine.DeviceTree.Length);
        machine.PressPowerKey();
        machine.Reset();
        machine.Resume();
        await machine.PauseAsync();
        machine.VirtioConsole!.Type("x");
    }

    [Fact]
    public async Task InspectionAndInputAreSafeWhileTheGuestResets()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("[boot]").Reset()) with { HasVirtioConsole = true, HasBalloon = true, HasDisplay = true });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var looks = 0;
        Task[] others =
        [
            Repeat(() =>
            {
                Assert.True(machine.TryReadMemory(SomeRam, new byte[4096]));
                looks++;
            }),
            Repeat(() => Assert.True(machine.TryWriteMemory(SomeRam, new byte[4096]))),
            Repeat(() => Assert.True(machine.GetStatistics().Resets >= 0)),
            Repeat(machine.PressPowerKey),
            Repeat(() => Assert.NotEqual(0, machine.DeviceTree.Length)),
            Repeat(() => Assert.Single(machine.GetUsage().Processors)),
            Repeat(machine.TimeTranslations),
            Repeat(() => Assert.Null(machine.CaptureScreen())),
            Repeat(() =>
            {
                machine.SetGuestMemory(machine.Config.Memory / 2);
                Assert.Equal(machine.Config.Memory, machine.GuestMemory);
            }),
        ];
        var pauses = Repeat(() =>
        {
            machine.PauseAsync().Wait(TestMachine.Patience);
            if (machine.State == RunState.Paused)
                _ = machine.ReadRegisters();
            machine.Resume();
            machine.Reset();
        });
        var typist = Task.Run(() =>
        {
            try
            {
                while (true)
                    machine.Console.Type("abc");
            }
            catch (ObjectDisposedException)
            {
                // The machine has ended.
            }
        });
        await Task.WhenAll([.. others, pauses]).WaitAsync(TestMachine.Patience);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
        await typist.WaitAsync(TestMachine.Patience);
        Assert.True(looks > 0);
        Assert.True(machine.GetStatistics().Resets > 1);

        Task Repeat(Action action) => Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
                action();
        });
    }

    /// <summary>A pause that is asked for between a reset and its beginning: the machine stood, was reset, and ran for the eye of others.</summary>
    [Fact]
    public async Task AMachineThatIsResetWhileItStandsNeverRuns()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("[boot]").Hang()));
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("[boot]", TestMachine.Patience);
        for (var round = 0; round < 50; round++)
        {
            await machine.PauseAsync();
            machine.Resume();
            machine.Reset();
            await machine.PauseAsync();
            for (var look = 0; look < 100 || machine.GetStatistics().Resets == round; look++)
            {
                Assert.Equal(RunState.Paused, machine.State);
                _ = machine.ReadRegisters();
            }
        }

        machine.Resume();
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    [Fact]
    public async Task TypingIntoAMachineThatEndsDoesNotWaitForEver()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()));
        var typing = Task.Run(() => machine.Console.Type(new byte[1 << 20]));
        await TestMachine.RunAsync(machine);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => typing.WaitAsync(TestMachine.Patience));
    }
}
