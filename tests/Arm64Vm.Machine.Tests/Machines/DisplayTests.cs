namespace Arm64Vm.Machine.Tests.Machines;

public sealed class DisplayTests
{
    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task ThePictureThatAGuestAnnouncesIsShown(ExecutionBackend backend)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Show().PowerOff(), backend) with { HasDisplay = true });
        Assert.Null(machine.CaptureScreen());
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(machine)).End);
        var image = machine.CaptureScreen()!;
        Assert.Equal((2, 1), (image.Width, image.Height));
        Assert.Equal([0x40, 0x80, 0xFF, 0, 0, 0], image.Pixels.ToArray());
    }

    [Fact]
    public async Task WithoutADisplayNothingIsShown()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()));
        await TestMachine.RunAsync(machine);
        Assert.Null(machine.CaptureScreen());
    }
}
