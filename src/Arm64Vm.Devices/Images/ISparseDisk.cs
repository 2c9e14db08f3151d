namespace Arm64Vm.Devices.Images;

/// <summary>A disk that knows where it has nothing but zeros.</summary>
internal interface ISparseDisk
{
    /// <summary>The first range at or after an offset that may have data; all before it reads as zeros.</summary>
    /// <returns>False where everything up to the disk's end reads as zeros.</returns>
    bool TryFindData(ulong offset, out ulong start, out ulong end);
}
