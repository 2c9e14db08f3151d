using System.Globalization;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Bench.Translator;

/// <summary>Nanoseconds of processor time per guest instruction of lifting and of the passes, over every block of a raw code image. Usage: image [rounds [offset]].</summary>
internal static unsafe class Program
{
    private const int PageSize = 4096;

    private static int Main(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.WriteLine("usage: Arm64Vm.Bench.Translator <raw AArch64 code> [rounds [offset]]");
            return 2;
        }

        byte[] image = GC.AllocateUninitializedArray<byte>(1 << 22, pinned: true);
        using (FileStream file = File.OpenRead(args[0]))
        {
            file.Seek(args.Length > 2 ? long.Parse(args[2], CultureInfo.InvariantCulture) : 0, SeekOrigin.Begin);
            int read = file.ReadAtLeast(image, image.Length, throwOnEndOfStream: false);
            Array.Resize(ref image, read & -PageSize);
        }

        int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
        byte[] pinned = GC.AllocateUninitializedArray<byte>(image.Length, pinned: true);
        image.CopyTo(pinned, 0);
        double lifting = Measure(pinned, rounds, optimize: false, out _, out _, out _);
        double both = Measure(pinned, rounds, optimize: true, out long instructions, out long operations, out long bytes);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{instructions} instructions, {(double)operations / instructions:f2} IR operations each; lift {lifting:f1} ns, passes {both - lifting:f1} ns, allocated {bytes} bytes"));
        return 0;
    }

    // SAFETY: the image is a pinned array of whole pages.
    private static double Measure(byte[] image, int rounds, bool optimize, out long instructions, out long operations, out long allocated)
    {
        var translator = new Arm64Vm.Translation.Translator(new TranslatorOptions { Optimize = optimize });
        var region = new IrRegion();
        CodeLocation location = default;
        location.Mode = TranslationMode.Create(1, 1, false, false, false, 0);
        double best = double.MaxValue;
        instructions = operations = allocated = 0;
        for (int round = 0; round < rounds; round++)
        {
            instructions = operations = 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan start = Environment.CpuUsage.UserTime;
            fixed (byte* bytes = image)
            {
                for (int page = 0; page < image.Length; page += PageSize)
                {
                    location.Host = bytes + page;
                    location.PhysicalPage = (ulong)page;
                    for (int offset = 0; offset < PageSize; offset = region.GuestEnd)
                    {
                        translator.Translate(location, offset, region);
                        instructions += region.GuestInstructions;
                        operations += region.Count - 1;
                    }
                }
            }

            best = Math.Min(best, (Environment.CpuUsage.UserTime - start).TotalNanoseconds / instructions);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return best;
    }
}
