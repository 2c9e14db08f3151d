namespace Arm64Vm.Cpu.Registers;

/// <summary>Pointer authentication keys.</summary>
internal static class KeyRegisters
{
    public static void Define(RegisterTable t)
    {
        t.Add("APIAKeyLo_EL1", 3, 0, 2, 1, 0).Stored((int)SystemSlot.KeyIALow);
        t.Add("APIAKeyHi_EL1", 3, 0, 2, 1, 1).Stored((int)SystemSlot.KeyIAHigh);
        t.Add("APIBKeyLo_EL1", 3, 0, 2, 1, 2).Stored((int)SystemSlot.KeyIBLow);
        t.Add("APIBKeyHi_EL1", 3, 0, 2, 1, 3).Stored((int)SystemSlot.KeyIBHigh);
        t.Add("APDAKeyLo_EL1", 3, 0, 2, 2, 0).Stored((int)SystemSlot.KeyDALow);
        t.Add("APDAKeyHi_EL1", 3, 0, 2, 2, 1).Stored((int)SystemSlot.KeyDAHigh);
        t.Add("APDBKeyLo_EL1", 3, 0, 2, 2, 2).Stored((int)SystemSlot.KeyDBLow);
        t.Add("APDBKeyHi_EL1", 3, 0, 2, 2, 3).Stored((int)SystemSlot.KeyDBHigh);
        t.Add("APGAKeyLo_EL1", 3, 0, 2, 3, 0).Stored((int)SystemSlot.KeyGALow);
        t.Add("APGAKeyHi_EL1", 3, 0, 2, 3, 1).Stored((int)SystemSlot.KeyGAHigh);
    }
}
