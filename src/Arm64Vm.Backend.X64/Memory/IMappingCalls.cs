namespace Arm64Vm.Backend.X64.Memory;

/// <summary>The system calls behind <see cref="CodeBuffer"/>. Results are negative errno values on failure. Tests refuse them one by one.</summary>
// SAFETY: pointers are addresses of mappings, passed through to the kernel and never dereferenced here.
internal unsafe interface IMappingCalls
{
    static abstract int MemfdCreate(string name, uint flags);

    static abstract int Ftruncate(int fd, long size);

    static abstract int AddSeals(int fd, int seals);

    /// <summary>Shared mapping of the whole file, or a private anonymous one for fd -1.</summary>
    static abstract nint Mmap(nuint size, int protection, int flags, int fd);

    static abstract int Munmap(void* address, nuint size);

    static abstract int Close(int fd);
}
