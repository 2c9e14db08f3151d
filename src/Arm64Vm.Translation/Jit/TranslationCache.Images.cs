using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Translation.Jit;

/// <summary>What images of units are made of, and the way back from an image to code in a chunk.</summary>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>True for an address in the stubs.</summary>
    internal bool IsStub(long address) => (ulong)(address - (long)buffer.Rx) < StubBytes;

    /// <summary>True for an address in the constant pool.</summary>
    internal bool IsConstant(long address) => (ulong)(address - (long)buffer.Rx - StubBytes) < ConstantEntries * 16;

    /// <summary>The constant that an address leads into, and its offset in the code buffer.</summary>
    internal Bits128 ConstantAt(long address, out int offset)
    {
        offset = (int)(address - (long)buffer.Rx) & ~15;
        return *(Bits128*)(buffer.Rx + offset);
    }

    /// <summary>The bytes of the stubs, to which code that is kept must fit.</summary>
    internal ReadOnlySpan<byte> StubCode => new(buffer.Rx, Stubs.Size);

    /// <summary>Code that is not published yet.</summary>
    internal ReadOnlySpan<byte> CodeAt(int offset, int size) => new(buffer.Rw + offset, size);

    /// <summary>Puts an image's code into a writer's chunk, as <see cref="TryCompile"/> does with a region's; false where it does not fit.</summary>
    internal bool TryInstall(in UnitImage image, CodeWriter writer)
    {
        int size = image.Header.Draft.CodeSize;
        int place = writer.Position;
        writer.Begin();
        if (writer.End - place - sizeof(int) < size)
            return false;

        // SAFETY: the room behind place is the writer's; the image is intact, so its fields are within its code.
        byte* code = buffer.Rw + place;
        image.Code.CopyTo(new Span<byte>(code, size));
        foreach (ushort field in image.Stubs)
            *(int*)(code + field) -= place;
        foreach (ref readonly ConstantReference constant in image.Constants)
            *(int*)(code + constant.Field) += (int)(ConstantAddress(constant.Low, constant.High) - (long)buffer.Rx) - place;
        foreach (ref readonly OperationReference operation in image.Operations)
            *(uint*)(code + operation.Field) = InternPureOperation(operation.Operation);
        foreach (ref readonly LinkSite site in image.Sites)
            writer.AddLinkSite(site.MovedBy(place));
        return true;
    }
}
