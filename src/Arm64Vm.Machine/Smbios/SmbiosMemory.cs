using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Smbios;

/// <summary>Types 16, 17 and 19: RAM as an array of modules of at most 16 GiB (DSP0134 3.0, 7.17, 7.18 and 7.20).</summary>
internal static class SmbiosMemory
{
    private const int ArrayHandle = 0x1000;
    private const int FirstModuleHandle = 0x1100;
    private const int MappingHandle = 0x1300;

    private const ulong ModuleSize = 16UL << 30;
    private const int NoErrorInformation = 0xFFFE;
    private const int Other = 1;
    private const int SystemMemory = 3;
    private const int NoCorrection = 3;
    private const int Dimm = 9;
    private const int Ram = 7;
    private const int UnknownWidth = 0xFFFF;

    /// <summary>The size field counts KiB instead of MiB.</summary>
    private const int InKilobytes = 1 << 15;

    public static void Add(SmbiosWriter tables, ulong bytes, string manufacturer)
    {
        var modules = (int)((bytes + ModuleSize - 1) / ModuleSize);
        tables.Add(16, ArrayHandle, f => f
            .Byte(Other).Byte(SystemMemory).Byte(NoCorrection)
            .DWord(bytes >> 10)
            .Word(NoErrorInformation)
            .Word(modules)
            .QWord(0));
        for (var module = 0; module < modules; module++)
            AddModule(tables, module, Math.Min(ModuleSize, bytes - (ulong)module * ModuleSize), manufacturer);
        var (first, last) = (MemoryMap.RamBase >> 10, ((MemoryMap.RamBase + bytes) >> 10) - 1);
        tables.Add(19, MappingHandle, f => f.DWord(first).DWord(last).Word(ArrayHandle).Byte(modules).QWord(0).QWord(0));
    }

    private static void AddModule(SmbiosWriter tables, int number, ulong bytes, string manufacturer) => tables.Add(17, FirstModuleHandle + number, f =>
    {
        const int OtherType = 1 << 1;
        f.Word(ArrayHandle).Word(NoErrorInformation)
            .Word(UnknownWidth).Word(UnknownWidth)
            .Word(Size(bytes))
            .Byte(Dimm).Byte(0)
            .Byte(tables.String($"DIMM {number}")).Byte(0)
            .Byte(Ram).Word(OtherType)
            .Word(0) // speed
            .Byte(tables.String(manufacturer)).Byte(0).Byte(0).Byte(0)
            .Byte(0) // attributes
            .DWord(0) // the size fits above
            .Word(0) // configured speed
            .Word(0).Word(0).Word(0); // voltages
    });

    /// <summary>MiB, or KiB where there is less than one or a remainder and the field has room for it.</summary>
    private static int Size(ulong bytes)
    {
        var kilobytes = bytes >> 10;
        return kilobytes % 1024 != 0 && kilobytes < InKilobytes ? (int)kilobytes | InKilobytes : (int)(bytes >> 20);
    }
}
