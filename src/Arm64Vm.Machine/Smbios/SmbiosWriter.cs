using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Smbios;

/// <summary>A sequence of SMBIOS structures (DSP0134 3.0, 6.1): each a header, fields, and its strings.</summary>
internal sealed class SmbiosWriter
{
    private const int HeaderLength = 4;

    private readonly LittleEndianWriter _bytes = new();
    private readonly List<string> _strings = [];

    /// <summary>Adds a structure.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="handle">Names it to others.</param>
    /// <param name="write">Writes the fields behind the header; strings through <see cref="String"/>.</param>
    public void Add(int type, int handle, Action<LittleEndianWriter> write)
    {
        var fields = new LittleEndianWriter();
        _strings.Clear();
        write(fields);
        _bytes.Byte(type).Byte(HeaderLength + fields.Length).Word(handle).Bytes(fields.ToArray());
        foreach (var text in _strings)
            _bytes.Text(text).Byte(0);
        _bytes.Zeros(_strings.Count == 0 ? 2 : 1);
    }

    /// <summary>The number of a string of the structure under way; 0 for an empty one.</summary>
    public int String(string text)
    {
        if (text.Length == 0)
            return 0;
        var known = _strings.IndexOf(text);
        if (known >= 0)
            return known + 1;
        _strings.Add(text);
        return _strings.Count;
    }

    public byte[] ToArray() => _bytes.ToArray();
}
