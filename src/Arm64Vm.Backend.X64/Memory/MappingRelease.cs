using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>Gives pages of a mapping back to the host; the mapping stays, and its pages are there again, as zeros, when they are touched.</summary>
/// <remarks>
/// SAFETY: addresses and sizes are whole pages of mappings that the caller owns, and whose contents nobody needs any more; the kernel checks the rest.
/// What is returned is what was present before: the figure for people who look at memory, not for decisions.
/// </remarks>
internal static unsafe class MappingRelease
{
    /// <summary>Pages that one call of the host is asked about.</summary>
    private const int PagesAtOnce = 4096;

    /// <summary>Private pages: they read as zeros afterwards, also where the host refuses (locked memory) and they stay present.</summary>
    public static long Anonymous(byte* address, long size)
    {
        long present = PresentBytes(address, size);
        if (Madvise(address, (nuint)size, AdviseDontNeed) == 0)
            return present;
        for (long done = 0; done < size; done += int.MaxValue)
            new Span<byte>(address + done, (int)Math.Min(size - done, int.MaxValue)).Clear();
        return 0;
    }

    /// <summary>Pages of a memfd, by any writable view of it: a hole in the file, gone from all views. Where the host refuses they keep what they hold.</summary>
    public static long Shared(byte* address, long size)
    {
        long present = PresentBytes(address, size);
        return Madvise(address, (nuint)size, AdviseRemove) == 0 ? present : 0;
    }

    /// <summary>Bytes of a range that are in the host's memory; for a memfd also those that this process has not touched.</summary>
    public static long PresentBytes(byte* address, long size)
    {
        long page = Environment.SystemPageSize;
        byte* states = stackalloc byte[PagesAtOnce];
        long present = 0;
        for (long done = 0; done < size; done += PagesAtOnce * page)
        {
            long length = Math.Min(size - done, PagesAtOnce * page);
            if (Mincore(address + done, (nuint)length, states) != 0)
                return present;
            foreach (byte state in new ReadOnlySpan<byte>(states, (int)((length + page - 1) / page)))
                present += (state & 1) * page;
        }

        return present;
    }
}
