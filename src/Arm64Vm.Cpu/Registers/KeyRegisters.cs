using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Registers;

/// <summary>Pointer authentication keys.</summary>
internal static class KeyRegisters
{
    public static void Define(RegisterTable t)
    {
        StateRegisters.Direct(t.Add("APIAKeyLo_EL1", 3, 0, 2, 1, 0), DirectRegister.KeyIALow);
        StateRegisters.Direct(t.Add("APIAKeyHi_EL1", 3, 0, 2, 1, 1), DirectRegister.KeyIAHigh);
        StateRegisters.Direct(t.Add("APIBKeyLo_EL1", 3, 0, 2, 1, 2), DirectRegister.KeyIBLow);
        StateRegisters.Direct(t.Add("APIBKeyHi_EL1", 3, 0, 2, 1, 3), DirectRegister.KeyIBHigh);
        StateRegisters.Direct(t.Add("APDAKeyLo_EL1", 3, 0, 2, 2, 0), DirectRegister.KeyDALow);
        StateRegisters.Direct(t.Add("APDAKeyHi_EL1", 3, 0, 2, 2, 1), DirectRegister.KeyDAHigh);
        StateRegisters.Direct(t.Add("APDBKeyLo_EL1", 3, 0, 2, 2, 2), DirectRegister.KeyDBLow);
        StateRegisters.Direct(t.Add("APDBKeyHi_EL1", 3, 0, 2, 2, 3), DirectRegister.KeyDBHigh);
        StateRegisters.Direct(t.Add("APGAKeyLo_EL1", 3, 0, 2, 3, 0), DirectRegister.KeyGALow);
        StateRegisters.Direct(t.Add("APGAKeyHi_EL1", 3, 0, 2, 3, 1), DirectRegister.KeyGAHigh);
    }
}
