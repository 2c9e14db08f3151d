namespace Arm64Vm.Machine.Tracing;

/// <summary>Gets the fields of an event in order, each with its name for programs and, where people need one, the word before it.</summary>
internal interface ITraceFields
{
    /// <summary>A virtual or physical address that people look for: all its digits.</summary>
    void Address(string name, ulong value, string before = "");

    /// <summary>A value in hexadecimal, of at least so many digits for people.</summary>
    void Value(string name, ulong value, string before = "", int digits = 1);

    /// <summary>A number, for people in the format given.</summary>
    void Number(string name, ulong value, string before = "", string format = "d");

    void Word(string name, string text);

    /// <summary>Bytes of an area; people are told where there are any.</summary>
    void Length(string name, ulong bytes);

    /// <summary>Bytes of a page or block, a power of two.</summary>
    void PageSize(string name, int log2);

    /// <summary>It happened in a way that is not the usual one, which <paramref name="name"/> says.</summary>
    void Flag(string name);

    /// <summary>What people see by the rest of the line.</summary>
    void ForPrograms(string name, ulong value, bool isAddress);
}
