using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>The registers of a vector's state that floating-point instructions touch.</summary>
internal sealed class FpMachine
{
    private const int StateBytes = 784;

    public FpMachine(ReadOnlySpan<byte> states, int index)
    {
        ReadOnlySpan<byte> state = states.Slice(index * StateBytes, StateBytes);
        for (int i = 0; i < 31; i++)
            X[i] = BinaryPrimitives.ReadUInt64LittleEndian(state[(8 * i)..]);
        Nzcv = BinaryPrimitives.ReadUInt32LittleEndian(state[256..]);
        Fpcr = BinaryPrimitives.ReadUInt32LittleEndian(state[260..]);
        Fpsr = BinaryPrimitives.ReadUInt32LittleEndian(state[264..]);
        for (int i = 0; i < 32; i++)
            V[i] = BinaryPrimitives.ReadUInt128LittleEndian(state[(272 + (16 * i))..]);
    }

    public ulong[] X { get; } = new ulong[32];

    public UInt128[] V { get; } = new UInt128[32];

    public uint Nzcv { get; set; }

    public uint Fpcr { get; set; }

    public uint Fpsr;

    /// <summary>Applies the registers that a vector says have changed.</summary>
    public void Apply(JsonElement changes)
    {
        foreach (JsonProperty change in changes.EnumerateObject())
        {
            string hex = change.Value.GetString()!;
            UInt128 value = UInt128.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            switch (change.Name)
            {
                case "nzcv":
                    Nzcv = (uint)value;
                    break;
                case "fpsr":
                    Fpsr = (uint)value;
                    break;
                case "fpcr":
                    Fpcr = (uint)value;
                    break;
                default:
                    int index = int.Parse(change.Name.AsSpan(1), CultureInfo.InvariantCulture);
                    if (change.Name[0] == 'v')
                        V[index] = value;
                    else
                        X[index] = (ulong)value;
                    break;
            }
        }
    }

    /// <summary>Empty when equal, otherwise the differences.</summary>
    public string Differences(FpMachine expected)
    {
        var text = new List<string>();
        for (int i = 0; i < 31; i++)
        {
            if (X[i] != expected.X[i])
                text.Add($"x{i} {X[i]:x} expected {expected.X[i]:x}");
        }

        for (int i = 0; i < 32; i++)
        {
            if (V[i] != expected.V[i])
                text.Add($"v{i} {V[i]:x} expected {expected.V[i]:x}");
        }

        if (Nzcv != expected.Nzcv)
            text.Add($"nzcv {Nzcv:x} expected {expected.Nzcv:x}");
        if (Fpsr != expected.Fpsr)
            text.Add($"fpsr {Fpsr:x} expected {expected.Fpsr:x}");
        return string.Join("; ", text);
    }
}
