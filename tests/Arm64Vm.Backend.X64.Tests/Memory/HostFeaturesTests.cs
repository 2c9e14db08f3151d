using System.Runtime.Intrinsics.X86;
using Arm64Vm.Backend.X64.Memory;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace Arm64Vm.Backend.X64.Tests.Memory;

public sealed class HostFeaturesTests
{
    [Fact]
    public void AgreesWithTheRuntime()
    {
        HostFeatures host = HostFeatures.Detect();
        // The runtime may have sets switched off by its environment, never on without the host.
        Assert.True(host.Avx || !Avx.IsSupported);
        Assert.True(host.Avx2 || !Avx2.IsSupported);
        Assert.True(host.Fma || !Fma.IsSupported);
        Assert.True(host.Bmi1 || !Bmi1.IsSupported);
        Assert.True(host.Bmi2 || !Bmi2.IsSupported);
        Assert.True(host.Lzcnt || !Lzcnt.IsSupported);
        Assert.True(host.Popcnt || !Popcnt.IsSupported);
        Assert.True(host.Aes || !X86Aes.IsSupported);
        Assert.True(host.Pclmulqdq || !Pclmulqdq.IsSupported);
        Assert.True(host.Avx512Vl || !Avx512F.VL.IsSupported);
        Assert.True(host.Avx512Bw || !Avx512BW.IsSupported);
        Assert.True(host.Avx512Dq || !Avx512DQ.IsSupported);
        Assert.True(host.Avx512Vbmi || !Avx512Vbmi.IsSupported);
    }

    /// <summary>What the kernel names is there. Kernels of virtual machines do not name all that the processor says it has, and runs (abm was missing on one).</summary>
    [Fact]
    public void WhatTheKernelNamesIsDetected()
    {
        HostFeatures host = HostFeatures.Detect();
        string flags = File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal));
        HashSet<string> kernel = [.. flags[(flags.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Check("avx", host.Avx);
        Check("avx2", host.Avx2);
        Check("fma", host.Fma);
        Check("f16c", host.F16c);
        Check("bmi1", host.Bmi1);
        Check("bmi2", host.Bmi2);
        Check("abm", host.Lzcnt);
        Check("popcnt", host.Popcnt);
        Check("movbe", host.Movbe);
        Check("aes", host.Aes);
        Check("pclmulqdq", host.Pclmulqdq);
        Check("sha_ni", host.Sha);
        Check("gfni", host.Gfni);
        Check("vaes", host.Vaes);
        Check("vpclmulqdq", host.Vpclmulqdq);
        Check("avx_vnni", host.AvxVnni);
        Check("avx512vl", host.Avx512Vl);
        Check("avx512bw", host.Avx512Bw);
        Check("avx512dq", host.Avx512Dq);
        Check("avx512cd", host.Avx512Cd);
        Check("avx512vbmi", host.Avx512Vbmi);
        Check("avx512_vnni", host.Avx512Vnni);
        Check("avx512_bitalg", host.Avx512Bitalg);
        Check("avx512_vpopcntdq", host.Avx512Vpopcntdq);

        void Check(string flag, bool detected) => Assert.True(detected || !kernel.Contains(flag), $"{flag} was not detected");
    }

    [Fact]
    public void BaselineIsX64V3()
    {
        HostFeatures v3 = HostFeatures.None with
        {
            X64V2 = true,
            Avx = true,
            Avx2 = true,
            Fma = true,
            F16c = true,
            Bmi1 = true,
            Bmi2 = true,
            Lzcnt = true,
            Popcnt = true,
            Movbe = true,
        };
        Assert.True(v3.MeetsBaseline);
        Assert.True((v3 with { Sha = true, Aes = true }).Without("sha,aes").MeetsBaseline);
        Assert.False(HostFeatures.None.MeetsBaseline);
        foreach (string name in new[] { "x64v2", "avx", "avx2", "fma", "f16c", "bmi1", "bmi2", "lzcnt", "popcnt", "movbe" })
        {
            Assert.False(v3.Without(name).MeetsBaseline, name);
        }
    }

    [Fact]
    public void EveryFeatureCanBeSwitchedOffByName()
    {
        foreach (System.Reflection.PropertyInfo property in typeof(HostFeatures).GetProperties().Where(p => p.PropertyType == typeof(bool) && p.CanWrite))
        {
            HostFeatures on = new();
            property.SetValue(on, true);
            Assert.NotEqual(HostFeatures.None, on);
            Assert.Equal(HostFeatures.None, on.Without(property.Name));
        }
    }

    [Fact]
    public void ListsAreParsed()
    {
        HostFeatures some = HostFeatures.None with { Sha = true, Gfni = true, Avx512Vl = true, Avx512Vbmi = true, Fma = true };
        Assert.Equal(HostFeatures.None with { Fma = true }, some.Without(" SHA, gfni,,avx512 "));
        Assert.Equal(some, some.Without(""));
        ArgumentException e = Assert.Throws<ArgumentException>(() => some.Without("sha,sse9"));
        Assert.Contains("sse9", e.Message);
    }
}
