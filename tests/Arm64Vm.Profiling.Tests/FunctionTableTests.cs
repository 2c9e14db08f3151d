namespace Arm64Vm.Profiling.Tests;

/// <summary>Rows of the table of functions: one for what is one.</summary>
public class FunctionTableTests
{
    /// <summary>A library is somewhere else in each process that has it; its functions, and pages of its code without names, are one all the same.</summary>
    [Fact]
    public void AFunctionOfSeveralProcessesIsOneRow()
    {
        var profile = new Profile { Info = new ProfileInfo() };
        ulong[] places = [0xFFFF_8000_0000, 0xFFFF_9000_0000];
        for (var process = 0; process < places.Length; process++)
        {
            profile.Processes.Add(new ProfileProcess(0x4000_0000 + ((ulong)process << 12), process, -1, "gzip"));
            profile.Modules.Add(new ProfileModule("libz.so.1", "/lib/libz.so.1", places[process], places[process] + 0x1_0000, process));
            profile.Symbols.Add(new ProfileSymbol("deflate", places[process] + 0x1100, 0x100, process));
            profile.Frames.Add(new ProfileFrame(places[process] + 0x1140, 0, process, process));
            profile.Frames.Add(new ProfileFrame(places[process] + 0x5008, 0, process, -1));
            profile.Frames.Add(new ProfileFrame(0x40_0000, 0, process, -1));
            for (var frame = 0; frame < 3; frame++)
            {
                profile.Stacks.Add(new ProfileStack(-1, (3 * process) + frame));
                profile.Samples.Add(new ProfileSample(0, 0, ProfilePlace.Emitted, process, profile.Stacks.Count - 1, -1, 0, 1));
            }
        }

        var rows = FunctionTable.Of(profile).Functions.Select(row => (row.Name, row.Module, row.Self)).Order().ToList();
        Assert.Equal([("400000+", "gzip", 1), ("400000+", "gzip", 1), ("deflate", "libz.so.1", 2), ("text+5000", "libz.so.1", 2)], rows);
    }
}
