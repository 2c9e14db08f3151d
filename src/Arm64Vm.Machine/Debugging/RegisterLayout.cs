using System.Globalization;
using System.Text;

namespace Arm64Vm.Machine.Debugging;

/// <summary>Numbers, names and sizes of the registers that debuggers see, and their description for GDB (GDB manual, "Target Descriptions").</summary>
internal sealed class RegisterLayout
{
    public const int StackPointer = 31;
    public const int Pc = 32;
    public const int ProcessorState = 33;
    public const int FirstVector = 34;
    public const int Fpsr = 66;
    public const int Fpcr = 67;

    /// <summary>Registers of the packet with all of them; the others are read one by one.</summary>
    public const int GeneralCount = 68;

    private readonly List<(string Name, int Bytes)> _registers = [];

    /// <param name="hasPointerAuthentication">GDB needs masks to take codes out of return addresses.</param>
    /// <param name="systemRegisters">Names of the system registers, in the order of their indexes; those without name are left out.</param>
    public RegisterLayout(bool hasPointerAuthentication, IReadOnlyList<string> systemRegisters)
    {
        for (var i = 0; i < 31; i++)
            _registers.Add((string.Create(CultureInfo.InvariantCulture, $"x{i}"), 8));
        _registers.Add(("sp", 8));
        _registers.Add(("pc", 8));
        _registers.Add(("cpsr", 4));
        for (var i = 0; i < 32; i++)
            _registers.Add((string.Create(CultureInfo.InvariantCulture, $"v{i}"), 16));
        _registers.Add(("fpsr", 4));
        _registers.Add(("fpcr", 4));
        FirstMask = hasPointerAuthentication ? _registers.Count : -1;
        if (hasPointerAuthentication)
            _registers.AddRange([("pauth_dmask", 8), ("pauth_cmask", 8), ("pauth_dmask_high", 8), ("pauth_cmask_high", 8)]);
        FirstSystem = _registers.Count;
        var indexes = new List<int>();
        for (var i = 0; i < systemRegisters.Count; i++)
        {
            // FPCR, FPSR and the stack pointers in use are there already.
            if (systemRegisters[i].Length == 0 || systemRegisters[i] is "FPCR" or "FPSR")
                continue;
            _registers.Add((systemRegisters[i], 8));
            indexes.Add(i);
        }

        SystemIndexes = indexes;
        TargetXml = MakeXml();
    }

    public int Count => _registers.Count;

    /// <summary>The first of four masks of pointer authentication: data, code, and both of the upper half; −1: there are none.</summary>
    public int FirstMask { get; }

    public int FirstSystem { get; }

    /// <summary>The index of the processor's system register for each register from <see cref="FirstSystem"/> on.</summary>
    public IReadOnlyList<int> SystemIndexes { get; }

    /// <summary>The description that GDB asks for as target.xml.</summary>
    public string TargetXml { get; }

    public string NameOf(int number) => _registers[number].Name;

    public int SizeOf(int number) => _registers[number].Bytes;

    private string MakeXml()
    {
        var xml = new StringBuilder("""
            <?xml version="1.0"?>
            <!DOCTYPE target SYSTEM "gdb-target.dtd">
            <target version="1.0"><architecture>aarch64</architecture>
            <feature name="org.gnu.gdb.aarch64.core">
            <flags id="cpsr_flags" size="4">
            <field name="SP" start="0" end="0"/><field name="EL" start="2" end="3"/><field name="nRW" start="4" end="4"/>
            <field name="F" start="6" end="6"/><field name="I" start="7" end="7"/><field name="A" start="8" end="8"/><field name="D" start="9" end="9"/>
            <field name="BTYPE" start="10" end="11"/><field name="SSBS" start="12" end="12"/><field name="IL" start="20" end="20"/><field name="SS" start="21" end="21"/>
            <field name="PAN" start="22" end="22"/><field name="UAO" start="23" end="23"/><field name="DIT" start="24" end="24"/><field name="TCO" start="25" end="25"/>
            <field name="V" start="28" end="28"/><field name="C" start="29" end="29"/><field name="Z" start="30" end="30"/><field name="N" start="31" end="31"/>
            </flags>

            """);
        for (var i = 0; i < FirstVector; i++)
        {
            var type = i switch { StackPointer => "data_ptr", Pc => "code_ptr", ProcessorState => "cpsr_flags", _ => "int" };
            Add(i, type, null);
        }

        xml.Append("""
            </feature>
            <feature name="org.gnu.gdb.aarch64.fpu">
            <vector id="v2d" type="ieee_double" count="2"/><vector id="v2u" type="uint64" count="2"/><vector id="v2i" type="int64" count="2"/>
            <vector id="v4f" type="ieee_single" count="4"/><vector id="v4u" type="uint32" count="4"/><vector id="v4i" type="int32" count="4"/>
            <vector id="v8f" type="ieee_half" count="8"/><vector id="v8u" type="uint16" count="8"/><vector id="v8i" type="int16" count="8"/>
            <vector id="v16u" type="uint8" count="16"/><vector id="v16i" type="int8" count="16"/>
            <vector id="v1u" type="uint128" count="1"/><vector id="v1i" type="int128" count="1"/>
            <union id="vnd"><field name="f" type="v2d"/><field name="u" type="v2u"/><field name="s" type="v2i"/></union>
            <union id="vns"><field name="f" type="v4f"/><field name="u" type="v4u"/><field name="s" type="v4i"/></union>
            <union id="vnh"><field name="f" type="v8f"/><field name="u" type="v8u"/><field name="s" type="v8i"/></union>
            <union id="vnb"><field name="u" type="v16u"/><field name="s" type="v16i"/></union>
            <union id="vnq"><field name="u" type="v1u"/><field name="s" type="v1i"/></union>
            <union id="aarch64v"><field name="d" type="vnd"/><field name="s" type="vns"/><field name="h" type="vnh"/><field name="b" type="vnb"/><field name="q" type="vnq"/></union>

            """);
        for (var i = FirstVector; i < GeneralCount; i++)
            Add(i, i < Fpsr ? "aarch64v" : "int", i < Fpsr ? null : "float");
        xml.Append("</feature>\n");
        if (FirstMask >= 0)
        {
            xml.Append("<feature name=\"org.gnu.gdb.aarch64.pauth\">\n");
            for (var i = FirstMask; i < FirstMask + 4; i++)
                Add(i, "int", null);
            xml.Append("</feature>\n");
        }

        xml.Append("<feature name=\"org.arm64vm.aarch64.system\">\n");
        for (var i = FirstSystem; i < Count; i++)
            Add(i, "uint64", "system");
        return xml.Append("</feature>\n</target>\n").ToString();

        void Add(int number, string type, string? group)
        {
            var (name, bytes) = _registers[number];
            xml.Append(CultureInfo.InvariantCulture, $"<reg name=\"{name}\" bitsize=\"{bytes * 8}\" regnum=\"{number}\" type=\"{type}\"");
            if (group is not null)
                xml.Append(CultureInfo.InvariantCulture, $" group=\"{group}\"");
            xml.Append(number >= GeneralCount ? " save-restore=\"no\"/>\n" : "/>\n");
        }
    }
}
