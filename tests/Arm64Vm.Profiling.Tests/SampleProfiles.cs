using System.IO.Compression;

namespace Arm64Vm.Profiling.Tests;

/// <summary>Profiles to write, read and export.</summary>
internal static class SampleProfiles
{
    /// <summary>A profile with something in every table.</summary>
    public static Profile Full() => new()
    {
        Info = new ProfileInfo
        {
            Version = "0.1.0",
            Host = "a host",
            Guest = "embedded firmware",
            Backend = "x64",
            Start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Duration = 2_000_000_000,
            SampleInterval = 1_000_000,
            Processors = 2,
            IsExact = true,
            DroppedSamples = 3,
            DroppedEvents = 4,
        },
        Processes = { new ProfileProcess(0x4800_0000, 17, 42, "init"), new ProfileProcess(0x4900_0000, 18, -1, "") },
        Modules = { new ProfileModule("vmlinux", "System.map", 0xFFFF_8000_0000_0000, ulong.MaxValue), new ProfileModule("bash", "/bin/bash", 0x40_0000, 0x50_0000, 0) },
        Symbols =
        {
            new ProfileSymbol("_stext", 0xFFFF_8000_0001_0000, 64, 0),
            new ProfileSymbol("memcpy", 0xFFFF_8000_0001_0040, 0, 0),
            new ProfileSymbol("main", 0x40_1000, 128, 1),
        },
        Blocks =
        {
            new ProfileBlock
            {
                VirtualAddress = 0xFFFF_8000_0001_0040,
                PhysicalAddress = 0x4001_0040,
                ExceptionLevel = 1,
                Tier = 1,
                Mode = 3,
                Symbol = 1,
                GuestInstructions = 3,
                IrInstructions = 7,
                GuestCode = [0x1F, 0x20, 0x03, 0xD5, 0x1F, 0x20, 0x03, 0xD5, 0xC0, 0x03, 0x5F, 0xD6],
                HostCode = [0x90, 0x90, 0x90, 0x90, 0xC3],
                HostSize = 5,
                HotSize = 4,
                Ir = "b0:\n  ret",
                Map = [new HostMapEntry(0, 0), new HostMapEntry(2, 4), new HostMapEntry(4, 8), new HostMapEntry(5, 4)],
                Entries = 123_456_789,
                Costs = new BlockCosts(3, 1, 2, 1_000_000, 17, 5, 6),
                TranslatedAt = 10,
                TranslationTime = 5_000,
                RemovedAt = 99,
                RemovalCause = RemovalCause.Dma,
                Samples = [new OffsetSamples(1, 2), new OffsetSamples(3, 40), new OffsetSamples(5, 1)],
            },
            new ProfileBlock { VirtualAddress = 0x40_1000, PhysicalAddress = 0x5000_1000, Process = 0, Symbol = 2, GuestInstructions = 1, GuestCode = [0, 0, 0, 0], HostSize = 64 },
        },
        Frames = { new ProfileFrame(0x40_1000, 0, 0, 2), new ProfileFrame(0xFFFF_8000_0001_0044, 1, -1, 1) },
        Stacks = { new ProfileStack(-1, 0), new ProfileStack(0, 1) },
        Samples =
        {
            new ProfileSample(1_000_000, 0, ProfilePlace.Emitted, 0, 1, 0, 3, 1),
            new ProfileSample(2_000_000, 1, ProfilePlace.Idle, -1, -1, -1, 0, 4),
        },
        Exits = { new ProfileExit("Poll", 0x40_1004, 0, 0, 2, 77, 12_000) },
        Misses = { new ProfileMiss(MissKind.Write, 0x7FFF_F000, 0x40_1004, 0, 0, 2, 9) },
        Invalidations = { new ProfileInvalidation(RemovalCause.Write, 0x5000_1000, 0xFFFF_8000_0001_0044, 1, 3, 8) },
        Retranslations = { new ProfileRetranslation(0x5000_1000, 0x40_1000, 5, 2, 6, 70_000) },
        Timeline = { new ProfileSlice { Start = 0, Length = 1_000_000_000, Places = [1, 2, 3, 4, 5, 6, 7, 8], CodeBytes = 1 << 20, Blocks = 900, Translated = 1000, Removed = 100, Exits = 50, TierSamples = [9, 1] } },
        Events = { new ProfileEvent(EventKind.Translation, 10, 5_000, 0, 0x40_1000, 1, 64), new ProfileEvent(EventKind.Eviction, 20, 0, -1, 0, -1, 7) },
        Counters = { ["links"] = 12, ["lookups"] = 34 },
        Places = [3_000_000_000, 0, 0, 0, 0, 0, 1_000_000_000, 0],
    };

    /// <summary>Very many blocks, each with bytes, a map and samples.</summary>
    public static Profile Large(int blocks)
    {
        var random = new Random(1);
        var profile = new Profile { Info = new ProfileInfo { Processors = 1, Duration = 1 } };
        profile.Modules.Add(new ProfileModule("m", "", 0, ulong.MaxValue));
        for (var i = 0; i < blocks; i++)
        {
            if (i % 10 == 0)
                profile.Symbols.Add(new ProfileSymbol($"function_{i}", (ulong)i * 32, 320, 0));
            var guest = new byte[32];
            random.NextBytes(guest);
            var host = new byte[150];
            random.NextBytes(host);
            profile.Blocks.Add(new ProfileBlock
            {
                VirtualAddress = (ulong)i * 32,
                PhysicalAddress = (ulong)i * 32,
                Symbol = i / 10,
                GuestInstructions = 8,
                GuestCode = guest,
                HostCode = host,
                HostSize = 150,
                Map = [.. Enumerable.Range(0, 8).Select(n => new HostMapEntry(n * 18, n * 4))],
                Samples = [new OffsetSamples(18, i % 100)],
            });
        }

        return profile;
    }

    public static byte[] Bytes(Profile profile)
    {
        using var stream = new MemoryStream();
        ProfileFile.Write(profile, stream);
        return stream.ToArray();
    }

    /// <summary>The sections of a profile's file, before compression.</summary>
    public static byte[] Unpacked(Profile profile)
    {
        using var packed = new ZLibStream(new MemoryStream(Bytes(profile)[16..]), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Profiles that are read although their files are damaged.</summary>
    public static IEnumerable<Profile> Damaged(int seed, int rounds)
    {
        var good = Unpacked(Full());
        var random = new Random(seed);
        for (var round = 0; round < rounds; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Profile profile;
            try
            {
                profile = ProfileSections.Read(bytes);
            }
            catch (ProfileFormatException)
            {
                continue;
            }

            yield return profile;
        }
    }
}
