using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Compiles a single region without loads, stores and links, and runs it in emitted code; operations that leave it are evaluated and counted.</summary>
/// <remarks>SAFETY: the context, the return stack and the code live as long as this object, and emitted code only reaches those.</remarks>
internal sealed unsafe class RegionRunner : ICompilerHost, IDisposable
{
    private const int StubBytes = 8192;
    private const int ConstantBytes = 1 << 18;
    private const int ReturnStackBytes = 1 << 16;

    private readonly CodeBuffer buffer = CodeBuffer.Create(1 << 20);
    private readonly NativeMemoryRegion contextMemory = new(GuestContext.TotalSize);
    private readonly NativeMemoryRegion returnStack = new(ReturnStackBytes);
    private readonly Dictionary<(ulong, ulong), long> constants = [];
    private readonly List<IrInst> pure = [];
    private readonly Stubs stubs;
    private readonly X64Compiler compiler;

    public RegionRunner(HostFeatures features)
    {
        stubs = new Stubs(buffer.Rw, buffer.Rx, StubBytes, features.HasUpperVectors);
        compiler = new X64Compiler(this, stubs, features);
        byte* top = returnStack.Address + returnStack.Size - 64;
        Host->ReturnStackBase = Host->ReturnStack = (ulong)top;
        Host->ReturnStackLimit = (ulong)returnStack.Address + (ReturnStackBytes / 2);
        Host->Mode = HostFloatMode.Default;
    }

    public GuestContext* Context => (GuestContext*)contextMemory.Address;

    private HostContext* Host => HostContext.Of(Context);

    /// <summary>Operations of the regions compiled so far that were left to the oracle.</summary>
    public IReadOnlyList<IrInst> Pure => pure;

    public int CodeSize { get; private set; }

    public ReadOnlySpan<byte> Code => new(buffer.Rx + StubBytes + ConstantBytes, CodeSize);

    private static int CodeOffset => StubBytes + ConstantBytes;

    public void Compile(IrRegion region)
    {
        pure.Clear();
        int capacity = (int)buffer.Size - CodeOffset;
        Assert.True(compiler.TryCompile(region, default, buffer.Rw + CodeOffset, buffer.Rx + CodeOffset, capacity, CodeOffset, out int size));
        CodeSize = size;
    }

    /// <summary>Runs what was compiled last to its exit.</summary>
    public uint Run()
    {
        GuestContext* context = Context;
        Host->Saturation[0] = Host->Saturation[1] = 0;
        context->Fpsr = 0;
        Host->Entry = (ulong)(buffer.Rx + CodeOffset);
        var enter = (delegate* unmanaged<GuestContext*, uint>)stubs.Enter;
        HostFlags.Enter(context);
        uint code = enter(context);
        while (code == ExitLayout.SlowRequest)
        {
            SlowDescriptor* descriptor = (SlowDescriptor*)context->Exit.Resume;
            Assert.Equal(SlowKind.Pure, descriptor->Kind);
            context->Exit.Resume += SlowDescriptor.SizeInBytes;
            OracleCall.Evaluate(context, pure[(int)descriptor->Index]);
            Host->Entry = (ulong)stubs.Resume;
            code = enter(context);
        }

        HostFlags.Leave(context);
        return code;
    }

    /// <summary>FPSR.QC, from either place.</summary>
    public bool Saturated => (Host->Saturation[0] | Host->Saturation[1]) != 0 || (Context->Fpsr & FpEnvironment.Saturated) != 0;

    public uint InternPureOperation(in IrInst operation)
    {
        pure.Add(operation);
        return (uint)(pure.Count - 1);
    }

    public int AddLinkSite(in LinkSite site) => 0;

    public long ConstantAddress(ulong low, ulong high)
    {
        if (constants.TryGetValue((low, high), out long address))
            return address;
        int offset = StubBytes + (constants.Count * 16);
        Assert.True(offset < CodeOffset, "too many constants");
        ((ulong*)(buffer.Rw + offset))[0] = low;
        ((ulong*)(buffer.Rw + offset))[1] = high;
        address = (long)(buffer.Rx + offset);
        constants[(low, high)] = address;
        return address;
    }

    public void Dispose()
    {
        buffer.Dispose();
        contextMemory.Dispose();
        returnStack.Dispose();
    }
}
