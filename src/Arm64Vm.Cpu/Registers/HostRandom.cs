namespace Arm64Vm.Cpu.Registers;

/// <summary>The host kernel's random numbers. The runtime's generator would load a cryptography library, which takes as long as thousands of reads.</summary>
internal static class HostRandom
{
    /// <exception cref="IOException">The host gives none.</exception>
    public static void Fill(Span<byte> bytes)
    {
        using var source = File.OpenHandle("/dev/urandom");
        for (int done = 0; done < bytes.Length;)
        {
            int read = RandomAccess.Read(source, bytes[done..], 0);
            if (read == 0)
                throw new IOException("The host gives no random numbers.");
            done += read;
        }
    }
}
