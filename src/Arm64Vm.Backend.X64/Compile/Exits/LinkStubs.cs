using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>The cold ends of direct jumps: asking for a link, polls and return-stack resets.</summary>
internal sealed partial class X64Compiler
{
    private struct PendingSite
    {
        public int Target;
        public int Field;
        public Label Link;

        /// <summary>Of a jump to another page: see <see cref="LinkSite"/>.</summary>
        public bool IsFar;
        public int ExpectedField;
        public int OtherwiseField;

        /// <summary>Of a call of another page: where it goes when the comparison fails, and where it returns to.</summary>
        public Label Otherwise;
        public Label ReturnPoint;
    }

    private struct PendingPoll
    {
        public Label Entry;
        public int Target;
    }

    private struct PendingReset
    {
        public Label Entry;
        public Label Resume;
    }

    /// <summary>A call through a register whose page the first level of the fetch-side TLB does not have.</summary>
    private struct PendingMiss
    {
        public Label Entry;

        /// <summary>Goes on with the host address of the target in rcx.</summary>
        public Label Found;
        public long Stub;
    }

    private readonly PendingSite[] pendingSites = new PendingSite[IrRegion.MaxBlocks * 4];
    private readonly PendingPoll[] pendingPolls = new PendingPoll[IrRegion.MaxBlocks * 4];
    private readonly PendingReset[] pendingResets = new PendingReset[IrRegion.MaxBlocks * 2];
    private readonly PendingMiss[] pendingMisses = new PendingMiss[IrRegion.MaxBlocks];
    private int pendingSiteCount;
    private int pendingPollCount;
    private int pendingResetCount;
    private int pendingMissCount;

    private void AddSite(int target, int field, Label link) =>
        pendingSites[pendingSiteCount++] = new PendingSite { Target = target, Field = field, Link = link };

    private ref PendingSite AddFarSite(int target, int expectedField)
    {
        ref PendingSite site = ref pendingSites[pendingSiteCount++];
        site = new PendingSite { Target = target & PageMask, Link = emit.NewLabel(), IsFar = true, ExpectedField = expectedField };
        return ref site;
    }

    private void FinishSites()
    {
        for (int i = 0; i < pendingPollCount; i++)
        {
            emit.Bind(pendingPolls[i].Entry);
            emit.MovImm(Gpr.Rax, (uint)pendingPolls[i].Target);
            emit.JmpTo(stubs.PollExit);
        }

        for (int i = 0; i < pendingResetCount; i++)
        {
            emit.Bind(pendingResets[i].Entry);
            emit.Mov(8, Gpr.Rsp, HostAbi.Field(HostContext.ReturnStackBaseOffset));
            emit.Jmp(pendingResets[i].Resume);
        }

        for (int i = 0; i < pendingMissCount; i++)
        {
            emit.Bind(pendingMisses[i].Entry);
            emit.CallTo(pendingMisses[i].Stub);
            emit.Jmp(pendingMisses[i].Found);
        }

        for (int i = 0; i < pendingSiteCount; i++)
            FinishSite(ref pendingSites[i]);
        pendingMissCount = 0;
        pendingPollCount = 0;
        pendingResetCount = 0;
    }

    private void FinishSite(ref PendingSite pending)
    {
        LinkSite site = new()
        {
            TargetOffset = (ushort)pending.Target,
            JumpField = codeOffset + pending.Field,
            IsFar = pending.IsFar,
            ExpectedField = codeOffset + pending.ExpectedField,
            OtherwiseField = codeOffset + pending.OtherwiseField,
            IsCall = pending.Otherwise.IsValid,
            Owner = -1,
            Target = -1,
            NextIncoming = -1,
            NextOfOwner = -1,
        };
        // A far call has a second way out right behind the number, whose target is patched as well.
        if (site.IsCall)
            emit.PlaceField(LinkRecordBytes + 1);
        emit.Bind(pending.Link);
        site.Unlinked = codeOffset + emit.Position;
        if (site.IsCall)
            site.OtherwiseField = site.Unlinked + LinkRecordBytes + 1;
        int index = emit.Overflowed ? 0 : host.AddLinkSite(site);
        emit.CallTo(stubs.LinkExit);
        emit.Dword((uint)index);
        if (!site.IsCall)
            return;
        emit.Bind(pending.Otherwise);
        emit.CallTo(stubs.FarCallUnlinked);
        emit.Jmp(pending.ReturnPoint);
    }

    /// <summary>The call that asks for a link, and the site's number.</summary>
    private const int LinkRecordBytes = 9;
}
