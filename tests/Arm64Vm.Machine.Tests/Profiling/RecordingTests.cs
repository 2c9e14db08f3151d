using System.Globalization;
using System.Runtime.InteropServices;
using Arm64Vm.Machine.Profiling;
using Arm64Vm.Machine.Tests.Fuzz;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Tests.Profiling;

/// <summary>A recording tells the truth: shares, counts, the split of wall time, and the instruction that costs.</summary>
/// <remarks>One machine of a process is recorded at a time, so these tests are one collection.</remarks>
[Collection(nameof(RecordingTests))]
public class RecordingTests
{
    // PSCI SYSTEM_OFF: w0 = 0x84000008, HVC #0, and B to itself.
    private static readonly uint[] s_powerOff = [0x5280_0100, 0x72B0_8000, 0xD400_0002, 0x1400_0000];

    /// <summary>Two loops that each run until the guest's counter has come to a time: 150 ms, and 300 ms. When they began and ended is in X4, X5 and X6.</summary>
    private static readonly uint[] s_twoLoops =
    [
        0xD53B_E040, // mrs x0, cntvct_el0
        0xD29A_3001, // mov x1, #0xd180
        0xF2A1_1E01, // movk x1, #0x8f0, lsl #16: 150,000,000 and a little
        0x8B01_0002, // add x2, x0, x1
        0xAA00_03E4, // mov x4, x0
        0xD53B_E043, // first: mrs x3, cntvct_el0
        0xEB02_007F, // cmp x3, x2
        0x54FF_FFC3, // b.lo first
        0xAA03_03E5, // mov x5, x3
        0x8B01_0442, // add x2, x2, x1, lsl #1
        0xD53B_E043, // second: mrs x3, cntvct_el0
        0xEB02_007F, // cmp x3, x2
        0x54FF_FFC3, // b.lo second
        0xAA03_03E6, // mov x6, x3
        .. s_powerOff,
    ];

    /// <summary>A million turns.</summary>
    private static readonly uint[] s_million =
    [
        0xD288_4800, // mov x0, #0x4240
        0xF2A0_01E0, // movk x0, #0xf, lsl #16
        0xF100_0400, // loop: subs x0, x0, #1
        0x54FF_FFE1, // b.ne loop
        .. s_powerOff,
    ];

    /// <summary>Divisions that each wait for the one before, in one block of a loop, and a block that costs nearly nothing.</summary>
    private static readonly uint[] s_divisions =
    [
        0xD29F_FFE0, // mov x0, #0xffff
        0xF2A0_0460, // movk x0, #0x23, lsl #16
        0xD280_0063, // mov x3, #3
        0xF2E0_0FE2, // movk x2, #0x7f, lsl #48
        0x9AC3_0842, // loop: udiv x2, x2, x3
        0x9AC3_0842,
        0x9AC3_0842,
        0x9AC3_0842,
        0xF2E0_0FE2, // movk x2, #0x7f, lsl #48
        0x1400_0001, // b next
        0xF100_0400, // next: subs x0, x0, #1
        0x54FF_FF21, // b.ne loop
        .. s_powerOff,
    ];

    [Fact]
    public async Task SharesAreThoseOfTheGuestsOwnClock()
    {
        // A host that gives the whole process no time for a while takes samples away that the guest's clock counts.
        const int MostTries = 8;
        for (var tries = 1; !await SharesFitAsync(isLast: tries == MostTries); tries++)
            Assert.NotEqual(MostTries, tries);
    }

    /// <summary>One run; with <paramref name="isLast"/> the difference is told.</summary>
    private static async Task<bool> SharesFitAsync(bool isLast)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Kernel = GuestElf.Make(MemoryMarshal.AsBytes(s_twoLoops.AsSpan())) });
        const long Interval = 997_000;
        machine.StartRecording(new RecordingOptions { Interval = Interval });
        await machine.RunAsync();
        var profile = machine.FinishRecording();
        const ulong First = GuestElf.Base + (5 * 4);
        const ulong Turn = GuestElf.Base + (8 * 4);
        const ulong Second = GuestElf.Base + (10 * 4);
        var (began, turned, ended) = (machine.ReadRegisters().X[4], machine.ReadRegisters().X[5], machine.ReadRegisters().X[6]);

        // The guest's clock goes on while the host has the thread do something else: these samples count. It ticks once a nanosecond, from after the first translation on.
        var inFirst = Weight(profile, address => address is >= First and < Turn);
        var inSecond = Weight(profile, address => address >= Second);
        var seen = (inFirst + inSecond) * Interval / (double)(ended - began);
        var expected = (turned - began) * 100.0 / (ended - began);
        var share = inFirst * 100.0 / (inFirst + inSecond);
        if (isLast)
        {
            Assert.InRange(seen, 0.97, 1.03);
            Assert.InRange(share, expected - 3, expected + 3);
        }

        return Math.Abs(seen - 1) <= 0.03 && Math.Abs(share - expected) <= 3;
    }

    [Fact]
    public async Task TheEmbeddedKernelsHaveTheSharesThatTheyMeasure()
    {
        // What happens before a kernel looks at the clock (its translation) counts as well, and takes long on a host that is busy elsewhere: one undisturbed run of a few must fit.
        const int Most = 8;
        for (var round = 1; ; round++)
        {
            await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Append = "selftest=0 seconds=0.2 kernels=sort,mandel,crc32i,saxpy,hash" });
            machine.StartRecording(new RecordingOptions { Interval = 997_000 });
            await machine.RunAsync();
            var profile = machine.FinishRecording();
            var measured = machine.Console.Text.Split('\n').Where(line => line.StartsWith("KERNEL ", StringComparison.Ordinal))
                .Select(line => line.Split(' ')).ToDictionary(words => "kernel_" + words[1], words => double.Parse(words[3], CultureInfo.InvariantCulture));
            Assert.Equal(5, measured.Count);
            Assert.Contains(FunctionTable.Of(profile).Modules, module => module.Name == "kernel_mandel");
            var sampled = measured.Keys.ToDictionary(name => name, name => (double)profile.Samples.Where(sample => sample.Stack >= 0 && IsUnder(profile, sample.Stack, name)).Sum(sample => sample.Weight));
            var differences = measured.Select(one => Math.Abs((sampled[one.Key] / sampled.Values.Sum()) - (one.Value / measured.Values.Sum())) * 100).ToList();
            if (differences.Max() <= 3)
                return;
            Assert.True(round < Most, $"differences in points: {string.Join(", ", differences)}");
        }
    }

    [Fact]
    public async Task EntriesAreCountedExactly()
    {
        var profile = await Record(s_million, new RecordingOptions { IsExact = true });
        const ulong Loop = GuestElf.Base + (2 * 4);

        // The unit that the program begins with makes the first turn.
        var turns = profile.Blocks.Where(block => Loop - block.VirtualAddress < (ulong)block.GuestCode.Length).ToList();
        Assert.All(turns, block => Assert.True(block.Entries > 0));
        Assert.Equal(1_000_000, turns.Sum(block => block.Entries));
        Assert.Equal(999_999, turns.Single(block => block.VirtualAddress == Loop).Entries);
    }

    [Fact]
    public async Task WithoutExactModeNothingIsCounted()
    {
        var profile = await Record(s_million, new RecordingOptions());
        Assert.NotEmpty(profile.Blocks);
        Assert.All(profile.Blocks, block => Assert.Equal(-1, block.Entries));
    }

    [Fact]
    public async Task ReturnsAreCountedAndThoseThatAreNotPredicted()
    {
        // A thousand calls.
        var calls = await Record([0xD280_7D00, 0x9400_0007, 0xF100_0400, 0x54FF_FFC1, .. s_powerOff, 0xD65F_03C0], new RecordingOptions { IsExact = true });
        Assert.Equal(1000, calls.Blocks.Sum(block => block.Costs.Returns));
        Assert.InRange(calls.Blocks.Sum(block => block.Costs.ReturnMisses), 0, 3);

        // A thousand returns to where nobody called: mov x0, #1000; adr x30, next; loop: ret; next: subs x0, x0, #1; b.ne loop.
        var jumps = await Record([0xD280_7D00, 0x1000_005E, 0xD65F_03C0, 0xF100_0400, 0x54FF_FFC1, .. s_powerOff], new RecordingOptions { IsExact = true });
        Assert.Equal(1000, jumps.Blocks.Sum(block => block.Costs.Returns));
        Assert.Equal(1000, jumps.Blocks.Sum(block => block.Costs.ReturnMisses));
        var rate = HitRate.Of(jumps).Single(one => one.Name.StartsWith("branches", StringComparison.Ordinal));
        Assert.Equal(1000, rate.Count);
        Assert.InRange(rate.Misses, 1, 20);
    }

    [Fact]
    public async Task BranchesToRegistersAreCounted()
    {
        // mov x0, #1000; adr x5, next; loop: br x5; next: subs x0, x0, #1; b.ne loop
        var profile = await Record([0xD280_7D00, 0x1000_0045, 0xD61F_00A0, 0xF100_0400, 0x54FF_FFC1, .. s_powerOff], new RecordingOptions { IsExact = true });
        Assert.Equal(1000, profile.Blocks.Sum(block => block.Costs.Branches));
        Assert.Equal(0, profile.Blocks.Sum(block => block.Costs.Returns));
    }

    [Fact]
    public async Task CodeThatIsWrittenIsLostToTheStoreThatDidIt()
    {
        // mov x0, #10; adr x1, f; ldr w2, [x1]; loop: str w2, [x1]; bl f; subs x0, x0, #1; b.ne loop … f: nop; ret. The bytes stay the same.
        var profile = await Record([0xD280_0140, 0x1000_0141, 0xB940_0022, 0xB900_0022, 0x9400_0007, 0xF100_0400, 0x54FF_FFA1, .. s_powerOff, 0xD503_201F, 0xD65F_03C0], new RecordingOptions());
        var lost = Assert.Single(profile.Invalidations, one => one.Cause == RemovalCause.Write);
        Assert.Equal((9L, 9L, GuestElf.Base + (3 * 4)), (lost.Count, lost.Blocks, lost.Site));
        Assert.Equal(9, profile.Blocks.Count(block => block.RemovalCause == RemovalCause.Write));
        Assert.Equal(9, profile.Counters["translated again after Write"]);
        Assert.Equal(9, Assert.Single(profile.Retranslations).Count);
    }

    [Fact]
    public async Task TheSplitAddsUpToTheWallTime()
    {
        // Where a host that is busy elsewhere takes the thread away between two clocks, its time is missing or counted twice: one undisturbed run of a few must fit.
        const int Most = 8;
        Profile profile;
        var round = 0;
        do
            profile = await Record(s_twoLoops, new RecordingOptions { Interval = 997_000 });
        while (!IsWholeWallTime(profile) && ++round < Most);
        Assert.True(round < Most, $"{SplitOfWallTime(profile):P1} of the wall time");
        Assert.Equal(profile.Places, Enumerable.Range(0, ProfilePlaces.Count).Select(place => profile.Timeline.Sum(slice => slice.Places[place])));
    }

    [Fact]
    public async Task SamplesLandInTheInstructionThatCosts()
    {
        var profile = await Record(s_divisions, new RecordingOptions { Interval = 200_000 });
        var loop = profile.Blocks.Where(block => block.GuestCode.Length > 0 && block.VirtualAddress >= GuestElf.Base).ToList();
        long divisions = 0, all = 0, last = 0;
        foreach (var block in loop)
        {
            var samples = block.SamplesByInstruction();
            for (var i = 0; i < samples.Length; i++)
            {
                var place = (block.VirtualAddress - GuestElf.Base) / 4 + (ulong)i;
                all += samples[i];
                divisions += place is >= 4 and <= 8 ? samples[i] : 0;
                last += place is 10 or 11 ? samples[i] : 0;
            }
        }

        // A sample is at the oldest instruction that has not ended: behind the last division it may be the one that waits for it.
        Assert.InRange(all, 20, long.MaxValue);
        Assert.True(divisions >= all * 0.85, $"{divisions} of {all} samples are in the divisions, {last} in the next block");
    }

    [Fact]
    public async Task ARecordingChangesNothingThatTheGuestSees()
    {
        const string Tests = "kernels=none";
        List<string> outputs = [];
        foreach (var options in (RecordingOptions?[])[null, new(), new() { IsExact = true, Interval = 100_000 }])
        {
            await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Append = Tests, RandomSeed = 1 });
            if (options is not null)
                machine.StartRecording(options);
            var result = await machine.RunAsync();
            Assert.Equal(RunEnd.PowerOff, result.End);
            if (options is not null)
                Assert.NotEmpty(machine.FinishRecording().Blocks);
            outputs.Add(machine.Console.Text);
        }

        Assert.Contains("0 failed", outputs[0], StringComparison.Ordinal);
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Equal(outputs[0], outputs[2]);
    }

    [Fact]
    public async Task OneMachineOfAProcessIsRecordedAtATime()
    {
        await using var first = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20 });
        await using var second = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20 });
        first.StartRecording(new RecordingOptions());
        Assert.Throws<MachineConfigurationException>(() => second.StartRecording(new RecordingOptions()));
        first.FinishRecording();
        second.StartRecording(new RecordingOptions());
        Assert.Throws<InvalidOperationException>(() => first.StartRecording(new RecordingOptions()));
    }

    [Fact]
    public async Task AResetEndsTheRecording()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Append = "selftest=0 kernels=none idle" });
        machine.StartRecording(new RecordingOptions());
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("FIRMWARE", TimeSpan.FromSeconds(60));
        machine.Reset();
        await Task.Delay(100);
        await machine.StopAsync();
        await run;
        Assert.NotEmpty(machine.FinishRecording().Blocks);
    }

    [Fact]
    public async Task AMachineThatRunsIsRecordedAgainAndAgainAndGoesOn()
    {
        // loop: add x0, x0, #1; b loop
        uint[] program = [0x9100_0400, 0x17FF_FFFF];
        await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Kernel = GuestElf.Make(MemoryMarshal.AsBytes(program.AsSpan())) });
        var run = machine.RunAsync();
        foreach (var isExact in (bool[])[false, true, false])
        {
            // A host that is busy elsewhere may let the guest do nothing in that time.
            Profile profile;
            var tries = 0;
            do
            {
                using var ending = new CancellationTokenSource(200);
                profile = await machine.RecordAsync(new RecordingOptions { IsExact = isExact, Interval = 997_000 }, () => Assert.Equal(RunState.Paused, machine.State), ending.Token);
            }
            while ((profile.Blocks.Sum(block => block.TotalSamples) == 0 || !IsWholeWallTime(profile)) && ++tries < 100);
            Assert.InRange(SplitOfWallTime(profile), 0.98, 1.02);
            var loop = Assert.Single(profile.Blocks, block => block.TotalSamples > 0);
            Assert.Equal(GuestElf.Base, loop.VirtualAddress);
            Assert.True(isExact ? loop.Entries > 0 : loop.Entries == -1);
        }

        ulong before = 0;
        for (var i = 0; i < 2; i++)
        {
            await machine.PauseAsync();
            var turns = machine.ReadRegisters().X[0];
            Assert.True(turns > before);
            before = turns;
            machine.Resume();
            await Task.Delay(50);
        }

        await machine.PauseAsync();
        using (var ended = new CancellationTokenSource(0))
            Assert.Empty((await machine.RecordAsync(new RecordingOptions(), () => { }, ended.Token)).Samples);
        Assert.Equal(RunState.Paused, machine.State);
        await machine.StopAsync();
        await run;
        await Assert.ThrowsAsync<InvalidOperationException>(() => machine.RecordAsync(new RecordingOptions(), () => { }, CancellationToken.None));
    }

    private static double SplitOfWallTime(Profile profile) => profile.Places.Sum() / (double)profile.Info.Duration;

    private static bool IsWholeWallTime(Profile profile) => SplitOfWallTime(profile) is >= 0.98 and <= 1.02;

    /// <summary>The address of a program's symbol table is what profiles name; a program without one has addresses.</summary>
    private static async Task<Profile> Record(uint[] program, RecordingOptions options)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 64 << 20, Kernel = GuestElf.Make(MemoryMarshal.AsBytes(program.AsSpan())) });
        machine.StartRecording(options);
        var result = await machine.RunAsync();
        Assert.Equal(RunEnd.PowerOff, result.End);
        return machine.FinishRecording();
    }

    private static long Weight(Profile profile, Func<ulong, bool> isIn) =>
        profile.Samples.Where(sample => sample.Stack >= 0 && profile.Frames[profile.Stacks[sample.Stack].Frame].Address is var address && address >= GuestElf.Base && isIn(address)).Sum(sample => sample.Weight);

    private static bool IsUnder(Profile profile, int stack, string module)
    {
        for (; stack >= 0; stack = profile.Stacks[stack].Parent)
        {
            var symbol = profile.Frames[profile.Stacks[stack].Frame].Symbol;
            if (symbol >= 0 && profile.Modules[profile.Symbols[symbol].Module].Name == module)
                return true;
        }

        return false;
    }
}
