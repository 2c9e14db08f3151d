using Arm64Vm.Isa;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>Nanoseconds per instruction word.</summary>
[MemoryDiagnoser]
public class DecodeBenchmarks
{
    private const int Words = 14 * 1024;
    private GuestCode code = null!;

    [GlobalSetup]
    public void Setup() => code = new GuestCode();

    [GlobalCleanup]
    public void Cleanup() => code.Dispose();

    [Benchmark(OperationsPerInvoke = Words)]
    public int Decode()
    {
        int sum = 0;
        foreach (uint word in code.Words[..Words])
            sum += (int)A64Decoder.Decode(word);
        return sum;
    }
}
