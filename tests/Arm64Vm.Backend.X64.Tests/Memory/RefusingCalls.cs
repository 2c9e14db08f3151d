using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Backend.X64.Tests.Memory;

public enum Refusal
{
    Nothing,
    Memfd,
    UnknownFlag,
    Truncate,
    Seal,
    MapWritable,
    MapExecutable,
}

/// <summary>The real system calls except for one, and a count of what stays open. Per thread, because tests run in parallel.</summary>
internal unsafe struct RefusingCalls : IMappingCalls
{
    [ThreadStatic]
    private static Refusal _refusal;

    [ThreadStatic]
    private static int _openFiles;

    [ThreadStatic]
    private static int _mappings;

    public static int OpenFiles => _openFiles;

    public static int Mappings => _mappings;

    public static void Start(Refusal refusal)
    {
        _refusal = refusal;
        _openFiles = 0;
        _mappings = 0;
    }

    public static int MemfdCreate(string name, uint flags)
    {
        if (_refusal == Refusal.Memfd)
        {
            return -LinuxMappingCalls.Eperm;
        }

        if (_refusal == Refusal.UnknownFlag && (flags & LinuxMappingCalls.MfdExec) != 0)
        {
            return -LinuxMappingCalls.Einval;
        }

        int fd = LinuxMappingCalls.MemfdCreate(name, flags);
        _openFiles += fd >= 0 ? 1 : 0;
        return fd;
    }

    public static int Ftruncate(int fd, long size)
        => _refusal == Refusal.Truncate ? -LinuxMappingCalls.Eperm : LinuxMappingCalls.Ftruncate(fd, size);

    public static int AddSeals(int fd, int seals)
        => _refusal == Refusal.Seal ? -LinuxMappingCalls.Eperm : LinuxMappingCalls.AddSeals(fd, seals);

    public static nint Mmap(nuint size, int protection, int flags, int fd)
    {
        bool executable = (protection & LinuxMappingCalls.ProtExec) != 0;
        if (_refusal == (executable ? Refusal.MapExecutable : Refusal.MapWritable))
        {
            return -LinuxMappingCalls.Eperm;
        }

        _mappings++;
        return LinuxMappingCalls.Mmap(size, protection, flags, fd);
    }

    public static int Munmap(void* address, nuint size)
    {
        _mappings--;
        return LinuxMappingCalls.Munmap(address, size);
    }

    public static int Close(int fd)
    {
        _openFiles--;
        return LinuxMappingCalls.Close(fd);
    }
}
