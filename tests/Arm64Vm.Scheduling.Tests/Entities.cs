namespace Arm64Vm.Scheduling.Tests;

internal static class Entities
{
    public static ScheduleEntity Make(int index) => new(new Idler(), new ScheduleGroup("test", 1), index);

    private sealed class Idler : ISchedulable
    {
        public ScheduleResult Run() => new(ScheduleReturn.Wait);

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure)
        {
        }
    }
}
