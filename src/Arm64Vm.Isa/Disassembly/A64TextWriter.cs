using System.Globalization;

namespace Arm64Vm.Isa.Disassembly;

/// <summary>Builds one line: a mnemonic, then operands, which put tab and commas before themselves, then perhaps a comment. Past the end of the buffer it writes nothing.</summary>
internal ref struct A64TextWriter(Span<char> buffer)
{
    private readonly Span<char> _buffer = buffer;
    private bool _hasOperand;
    private int _commentCondition = -1;

    public int Length { get; private set; }

    public bool Overflow { get; private set; }

    public void Append(char c)
    {
        if (Length == _buffer.Length)
            Overflow = true;
        else
            _buffer[Length++] = c;
    }

    public void Append(scoped ReadOnlySpan<char> text)
    {
        if (text.Length > _buffer.Length - Length)
        {
            Overflow = true;
            return;
        }

        text.CopyTo(_buffer[Length..]);
        Length += text.Length;
    }

    public void AppendLower(scoped ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            Append(char.ToLowerInvariant(c));
    }

    public void AppendDecimal(long value)
    {
        Span<char> digits = stackalloc char[20];
        value.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        Append(digits[..length]);
    }

    public void AppendHex(ulong value)
    {
        Span<char> digits = stackalloc char[16];
        value.TryFormat(digits, out int length, "x", CultureInfo.InvariantCulture);
        Append("0x");
        Append(digits[..length]);
    }

    /// <summary>Begins the line with a mnemonic.</summary>
    public void Start(string mnemonic) => Append(mnemonic);

    /// <summary>Begins the line with the first word of the encoding's name.</summary>
    public void Start(A64Opcode op)
    {
        foreach (char c in A64Opcodes.Name(op))
        {
            if (!char.IsAsciiLetterOrDigit(c))
                break;
            Append(char.ToLowerInvariant(c));
        }
    }

    /// <summary>Tab before the first operand, comma before the others.</summary>
    public void Separate()
    {
        Append(_hasOperand ? ", " : "\t");
        _hasOperand = true;
    }

    /// <summary>A literal operand.</summary>
    public void Text(scoped ReadOnlySpan<char> text)
    {
        Separate();
        Append(text);
    }

    /// <summary>A general register; 31 is the zero register.</summary>
    public void Register(int register, bool is64Bit)
    {
        Separate();
        AppendRegister(register, is64Bit);
    }

    public void AppendRegister(int register, bool is64Bit)
    {
        Append(is64Bit ? 'x' : 'w');
        if (register == 31)
            Append("zr");
        else
            AppendDecimal(register);
    }

    /// <summary>A general register; 31 is the stack pointer.</summary>
    public void RegisterOrSp(int register, bool is64Bit)
    {
        Separate();
        AppendRegisterOrSp(register, is64Bit);
    }

    public void AppendRegisterOrSp(int register, bool is64Bit)
    {
        if (register == 31)
            Append(is64Bit ? "sp" : "wsp");
        else
            AppendRegister(register, is64Bit);
    }

    public void Hex(ulong value)
    {
        Separate();
        Append('#');
        AppendHex(value);
    }

    public void Decimal(long value)
    {
        Separate();
        Append('#');
        AppendDecimal(value);
    }

    public void Address(ulong address)
    {
        Separate();
        AppendHex(address);
    }

    /// <summary>A condition; the other names it has follow as a comment.</summary>
    public void Condition(int condition)
    {
        Separate();
        Append(Conditions.Name(condition));
        _commentCondition = condition;
    }

    /// <summary>A scalar SIMD&amp;FP register of 1 &lt;&lt; size bytes.</summary>
    public void Scalar(int register, int size)
    {
        Separate();
        Append("bhsdq"[size]);
        AppendDecimal(register);
    }

    /// <summary>A vector register as 8 or 16 bytes of elements of 1 &lt;&lt; size bytes.</summary>
    public void Vector(int register, int size, bool q)
    {
        Separate();
        AppendVector(register, size, q);
    }

    public void AppendVector(int register, int size, bool q)
    {
        Append('v');
        AppendDecimal(register);
        Append('.');
        AppendDecimal((q ? 16 : 8) >> size);
        Append("bhsdq"[size]);
    }

    public void Element(int register, int size, int index)
    {
        Separate();
        Append('v');
        AppendDecimal(register);
        Append('.');
        Append("bhsd"[size]);
        AppendIndex(index);
    }

    public void AppendIndex(int index)
    {
        Append('[');
        AppendDecimal(index);
        Append(']');
    }

    /// <summary>[base] or [base, #offset].</summary>
    public void Memory(int baseRegister, long offset, bool preIndex = false)
    {
        Separate();
        Append('[');
        AppendRegisterOrSp(baseRegister, true);
        if (offset != 0 || preIndex)
        {
            Append(", #");
            AppendDecimal(offset);
        }

        Append(preIndex ? "]!" : "]");
    }

    public void Shift(int type, int amount)
    {
        Separate();
        Append(type switch { 0 => "lsl #", 1 => "lsr #", 2 => "asr #", _ => "ror #" });
        AppendDecimal(amount);
    }

    /// <summary>A floating-point immediate as C's %.18e prints it; the packed immediates are exact in few digits.</summary>
    public void FloatingPointImmediate(uint imm8)
    {
        Separate();
        Append('#');
        double value = BitConverter.UInt64BitsToDouble(A64Immediates.ExpandFpImmediate(64, imm8));
        Span<char> digits = stackalloc char[32];
        value.TryFormat(digits, out int length, "0.000000000000000000e+00", CultureInfo.InvariantCulture);
        Append(digits[..length]);
    }

    /// <summary>The comment that gives an immediate's other notation.</summary>
    public void DecimalComment(long value)
    {
        Append("\t// #");
        AppendDecimal(value);
    }

    public void FinishComment()
    {
        if (_commentCondition >= 0)
            Conditions.AppendSynonyms(ref this, _commentCondition);
    }
}
