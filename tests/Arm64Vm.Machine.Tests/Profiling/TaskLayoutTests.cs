using System.Text;
using Arm64Vm.Machine.Profiling;

namespace Arm64Vm.Machine.Tests.Profiling;

/// <summary>Names of Linux tasks are found where everything agrees, and only there.</summary>
public class TaskLayoutTests
{
    private const ulong Idle = 0xFFFF_8000_0100_0000;
    private const ulong Shell = 0xFFFF_0000_0200_0040;
    private const ulong Compiler = 0xFFFF_0000_0300_0080;
    private const ulong Worker = 0xFFFF_0000_0400_0000;
    private const int Name = 0x738;
    private const int Memory = 0x4F8;
    private const int Table = 0x68;
    private const int Parent = 0x5C8;

    private readonly FakeKernelMemory _kernel = new();

    public TaskLayoutTests()
    {
        AddTask(Idle, "swapper/0", 0, 0, Idle);
        AddTask(Shell, "sh", 0xFFFF_0000_0500_0000, 0x4100_0000, 0);
        AddTask(Compiler, "cc1 of gcc", 0xFFFF_0000_0600_0000, 0x4200_0000, 0);
        AddTask(Worker, "kworker/0:1", 0, 0, Idle);
    }

    [Fact]
    public void TasksHaveNamesWhenTheirLayoutIsKnown()
    {
        var layout = new TaskLayout(_kernel);
        layout.Learn(Shell, 0x4100_0000);
        Assert.Equal(default, layout.Read(Shell, 0x4100_0000));
        layout.Learn(Idle, 0x4100_0000);
        Assert.Equal((TaskLayout.Kind.KernelThread, "swapper/0"), layout.Read(Idle, 0));
        layout.Learn(Shell, 0x4100_0000);
        Assert.False(layout.IsKnown);
        layout.Learn(Worker, 0x4200_0000);
        layout.Learn(Compiler, 0x4200_0000);
        Assert.True(layout.IsKnown);
        Assert.Equal((TaskLayout.Kind.Process, "sh"), layout.Read(Shell, 0x4100_0000));
        Assert.Equal((TaskLayout.Kind.Process, "cc1 of gcc"), layout.Read(Compiler, 0x4200_0000));

        // A kernel thread in the address space of another is that thread.
        Assert.Equal((TaskLayout.Kind.KernelThread, "kworker/0:1"), layout.Read(Worker, 0x4200_0000));
    }

    [Fact]
    public void TheOnlyTaskHasItsNameWhenAnIdleTaskAgrees()
    {
        var layout = new TaskLayout(_kernel);
        layout.Learn(Idle, 0);
        layout.Learn(Shell, 0x4100_0000);
        layout.Learn(Shell, 0x4100_0000);
        Assert.False(layout.IsKnown);

        // It has no memory of its own, and uses the kernel's: then the pair is mm and active_mm.
        _kernel.WriteWord(Idle + Memory + 8, 0xFFFF_8000_0200_0000);
        layout.Learn(Idle, 0x4100_0000);
        layout.Learn(Shell, 0x4100_0000);
        Assert.True(layout.IsKnown);
        Assert.Equal((TaskLayout.Kind.Process, "sh"), layout.Read(Shell, 0x4100_0000));
        Assert.Equal((TaskLayout.Kind.KernelThread, "kworker/0:1"), layout.Read(Worker, 0x4100_0000));
    }

    /// <summary>Before the layout is known: who runs with a table that no program ever had is a thread of the kernel.</summary>
    [Fact]
    public void ThreadsOfTheKernelAreNamedBeforeThereAreProcesses()
    {
        const ulong Reserved = 0x4300_0000;
        var names = new TaskNames(new TaskLayout(_kernel));
        names.ProcessOf(Reserved, Idle);
        var worker = names.ProcessOf(Reserved, Worker);
        var inShell = names.ProcessOf(0x4100_0000, Worker);
        var shell = names.ProcessOf(0x4100_0000);
        var all = names.ToList();
        Assert.Equal("[kworker/0:1]", all[worker].Name);
        Assert.Equal((0x4100_0000UL, ""), (all[inShell].TableBase, all[inShell].Name));
        Assert.Equal((0x4100_0000UL, ""), (all[shell].TableBase, all[shell].Name));
    }

    /// <summary>Where EL0 has tables of its own it has an ASID of its own. A later process may have the same pages for its table, with another pair of ASIDs.</summary>
    [Fact]
    public void ATableThatIsUsedAgainIsAnotherProcess()
    {
        const ulong Asid = 1UL << 48;
        var names = new TaskNames(Known());
        names.ProcessOf(0x4100_0000 | (6 * Asid), Shell);
        var shell = names.ProcessOf(0x4100_0000 | (7 * Asid));
        var later = names.ProcessOf(0x4100_0000 | (9 * Asid));
        var all = names.ToList();
        Assert.Equal("sh", all[shell].Name);
        Assert.Equal("", all[later].Name);
    }

    [Fact]
    public void AProcessThatEndsIsNoThreadOfTheKernel()
    {
        var names = new TaskNames(Known());
        names.ProcessOf(0x4100_0000, Shell);
        _kernel.WriteWord(Shell + Memory, 0);
        var ending = names.ProcessOf(0x4200_0000, Shell);
        Assert.Equal("sh (exiting)", names.ToList()[ending].Name);
    }

    [Fact]
    public void TheFirstTaskIsFoundByParents()
    {
        _kernel.WriteWord(Compiler + Parent, Shell);
        _kernel.WriteWord(Shell + Parent, Idle);
        var layout = new TaskLayout(_kernel);
        layout.Learn(Compiler, 0x4200_0000);
        layout.Learn(Compiler, 0x4200_0000);
        layout.Learn(Shell, 0x4100_0000);
        Assert.Equal((TaskLayout.Kind.Process, "sh"), layout.Read(Shell, 0x4100_0000));
    }

    [Fact]
    public void ATaskThatDoesNotFitTheTableIsNotNamed()
    {
        var layout = Known();
        Assert.Equal(default, layout.Read(Shell, 0x4200_0000));
        Assert.Equal(default, layout.Read(0xFFFF_0000_7000_0000, 0x4100_0000));
        Assert.Equal(default, layout.Read(0x7FFF_1234_5678, 0x4100_0000));
        _kernel.Write(Compiler + Name, "\x01\x02"u8);
        Assert.Equal(default, layout.Read(Compiler, 0x4200_0000));
    }

    [Fact]
    public void WhatFitsTwiceIsNotGuessed()
    {
        // A second place with the same structure, in both tasks.
        foreach (var (task, space) in ((ulong, ulong)[])[(Shell, 0xFFFF_0000_0500_0000), (Compiler, 0xFFFF_0000_0600_0000)])
        {
            _kernel.WriteWord(task + 0x900, space);
            _kernel.WriteWord(task + 0x908, space);
        }

        Assert.False(Known().IsKnown);

        // The name occurs twice.
        var layout = new TaskLayout(_kernel);
        _kernel.Write(Idle + 0xA00, "swapper"u8);
        layout.Learn(Idle, 0);
        Assert.Equal(default, layout.Read(Idle, 0));
    }

    private TaskLayout Known()
    {
        var layout = new TaskLayout(_kernel);
        layout.Learn(Idle, 0);
        layout.Learn(Shell, 0x4100_0000);
        layout.Learn(Compiler, 0x4200_0000);
        return layout;
    }

    /// <summary>With its memory, if it has any, and that memory's table.</summary>
    private void AddTask(ulong task, string name, ulong space, ulong table, ulong parent)
    {
        // An empty list points to itself, twice.
        _kernel.WriteWord(task + 0x300, task + 0x300);
        _kernel.WriteWord(task + 0x308, task + 0x300);
        _kernel.Write(task + Name, Encoding.ASCII.GetBytes(name));
        _kernel.WriteWord(task + Memory, space);
        _kernel.WriteWord(task + Memory + 8, space);
        _kernel.WriteWord(task + Parent, parent);
        _kernel.Add(task, 0x3000);
        if (space == 0)
            return;
        _kernel.WriteWord(space + Table - 8, task);
        _kernel.WriteWord(space + Table, 0xFFFF_0000_0000_0000 + table);
        _kernel.Translate(0xFFFF_0000_0000_0000 + table, table);
    }
}
