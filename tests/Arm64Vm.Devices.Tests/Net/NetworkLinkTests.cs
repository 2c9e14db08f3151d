using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Tests.Virtio;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Net;

namespace Arm64Vm.Devices.Tests.Net;

/// <summary>The link's threads, with networks of real sockets.</summary>
public sealed class NetworkLinkTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AnEndThatNobodyConnectsToCanBeGivenUp()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var link = new NetworkLink(SocketNetworks.Listen(path));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        await Task.Run(link.Dispose, TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.False(File.Exists(path));
    }

    /// <summary>Neither the device's lock nor the end of the machine waits for a peer that does not read.</summary>
    [Fact]
    public async Task APeerThatDoesNotReadHoldsNobodyUp()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var peer = SocketNetworks.Listen(path);
        var link = new NetworkLink(SocketNetworks.Connect(path));
        var device = new VirtioNet(link, new PhysicalAddress([0x52, 0x54, 0, 1, 2, 3]));
        var driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, device));
        byte[][] frame = [new byte[12], new byte[60_000]];
        for (var i = 0; i < 12; i++)
        {
            driver.Submit(1, frame);
            driver.Notify(1);
            for (var wait = 0; wait < 20 && driver.Used(1) <= i; wait++)
                await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        driver.Notify(1);
        Assert.Equal(15u, driver.Transport.Read(0x70));
        await Task.Run(
            () =>
            {
                driver.Transport.Write(0x70, 0);
                device.Dispose();
                link.Dispose();
            },
            TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task WhatWaitsForTheGuestIsDeliveredWhenItHasRoom()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var peer = SocketNetworks.Listen(path);
        using var link = new NetworkLink(SocketNetworks.Connect(path));
        using var device = new VirtioNet(link, new PhysicalAddress([0x52, 0x54, 0, 1, 2, 3]));
        var driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, device));
        Assert.True(await Task.Run(Greet, TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken));
        for (var i = 0; i < 3; i++)
        {
            peer.Begin(100 + i).Fill((byte)i);
            peer.End(default);
        }

        peer.Flush();
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.Equal(i, driver.Used(0));
            driver.Submit(0, [], 500);
            driver.Notify(0);
            for (var wait = 0; wait < 3000 && driver.Used(0) == i; wait++)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            Assert.Equal((i + 1, (uint)(112 + i)), (driver.Used(0), driver.LastLength(0)));
        }

        // The listening end accepts when it waits for the first frame.
        bool Greet()
        {
            driver.Submit(1, [new byte[12], new byte[60]]);
            driver.Notify(1);
            return peer.WaitForMore();
        }
    }
}
