using System.Runtime.InteropServices;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Guests that misbehave on purpose neither bring the process down nor keep it from stopping them.</summary>
public class AbuseTests
{
    private static readonly TimeSpan Time = TimeSpan.FromMilliseconds(100);

    public static TheoryData<string, ExecutionBackend> Programs
    {
        get
        {
            TheoryData<string, ExecutionBackend> data = [];
            foreach (string name in AbusePrograms.All.Keys)
            {
                data.Add(name, ExecutionBackend.Auto);
                data.Add(name, ExecutionBackend.Interpreter);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Stops(string program, ExecutionBackend backend)
    {
        byte[] file = GuestElf.Make(MemoryMarshal.AsBytes<uint>(AbusePrograms.All[program]));
        (RunEnd end, _) = await GuestRun.For(file, Time, backend);
        Assert.Equal(RunEnd.Stopped, end);
    }

    /// <summary>Jumps to where no code is.</summary>
    [Theory]
    [InlineData(0x0000_0000)]
    [InlineData(0x0000_0FFE)]
    [InlineData(0x0400_0000)]
    [InlineData(0x0800_0000)]
    [InlineData(0x0900_0000)]
    [InlineData(0x0902_0000)]
    [InlineData(0x1000_0000)]
    [InlineData(0x3EFF_0000)]
    [InlineData(0x3FFF_FFFC)]
    [InlineData(0x4000_0001)]
    [InlineData(0x43FF_FFFC)]
    [InlineData(0x43FF_FFFE)]
    [InlineData(0x4400_0000)]
    [InlineData(0x40_0000_0000)]
    [InlineData(0x80_0000_0000)]
    [InlineData(0x0000_FFFF_FFFF_FFFC)]
    [InlineData(0x0001_0000_0000_0000)]
    [InlineData(0x7FFF_FFFF_FFFF_FFFC)]
    [InlineData(unchecked((long)0x8000_0000_0000_0000))]
    [InlineData(unchecked((long)0xFFFF_8000_0000_0000))]
    [InlineData(unchecked((long)0xFFFF_FFFF_FFFF_F000))]
    [InlineData(unchecked((long)0xFFFF_FFFF_FFFF_FFFC))]
    [InlineData(unchecked((long)0xFFFF_FFFF_FFFF_FFFF))]
    public async Task JumpsIntoNowhere(long target)
    {
        // ldr x0, .+8; br x0
        uint[] words = [0x5800_0040, 0xD61F_0000, (uint)target, (uint)(target >> 32)];
        (RunEnd end, _) = await GuestRun.For(GuestElf.Make(MemoryMarshal.AsBytes<uint>(words)), Time, ExecutionBackend.Auto);
        Assert.Equal(RunEnd.Stopped, end);
    }
}
